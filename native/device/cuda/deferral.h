// Calls of one thread that do not wait for their kernels. Their scratch memory goes from one to the next, since kernels of a stream run in order.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

namespace torsor {

class Deferral {
 public:
  // From here on, calls of this thread return before they are done. `recorded`: the same calls come again, as a graph.
  explicit Deferral(bool recorded = false);
  // What they use goes back to the pool: they have to be done.
  ~Deferral();
  Deferral(const Deferral&) = delete;
  Deferral& operator=(const Deferral&) = delete;

  // Of the calling thread; null: calls wait.
  static Deferral* current();
  bool recorded() const { return recorded_; }

  void* take(int64_t bytes);
  void give(void* block, int64_t bytes) { waiting_[bytes].push_back(block); }

 private:
  const bool recorded_;
  std::map<int64_t, std::vector<void*>> waiting_;
};

}  // namespace torsor
