// One call of the kernel table. Arrays in the memory of the process are copied to the GPU before it and back after it, directly if they are pinned
// (device/pin.h) and else through pinned memory of ours; those of the device are used where they are.
#pragma once
#include <cstdint>
#include <shared_mutex>
#include <vector>

namespace torsor {

class Call {
 public:
  explicit Call(const char* name) : name_(name) {}
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Each turns a pointer of the caller into one that kernels may use, for its elements first ... first + count - 1. Null stays null.
  template <class T> void reads(const T*& array, int64_t first, int64_t count) {
    array = static_cast<const T*>(stage(const_cast<T*>(array), first, count, sizeof(T), true, false));
  }
  template <class T> void writes(T*& array, int64_t first, int64_t count) {
    array = static_cast<T*>(stage(array, first, count, sizeof(T), false, true));
  }
  template <class T> void updates(T*& array, int64_t first, int64_t count) {
    array = static_cast<T*>(stage(array, first, count, sizeof(T), true, true));
  }
  // Until the end of the call.
  template <class T> T* scratch(int64_t count) { return static_cast<T*>(take(count * int64_t(sizeof(T)))); }

  // Copies results back and waits for all of it; inside a Deferral, calls without arrays of the process do not wait.
  void finish();

 private:
  struct Block {
    void* memory;
    int64_t bytes;
  };
  struct Result {
    void *to, *from;
    void* pinned;  // on the way; null: the GPU writes to `to` itself
    int64_t bytes;
  };
  void* stage(void* array, int64_t first, int64_t count, int64_t element, bool in, bool out);
  void* take(int64_t bytes);
  // Of the process, for an array on its way; null where there is none to spare. Until the end of the call.
  void* take_pinned(int64_t bytes);

  const char* name_;
  std::vector<Block> blocks_, pinned_;
  std::shared_lock<std::shared_mutex> copies_;  // of memory that a user has pinned
  std::vector<Result> results_;
  bool of_the_process_ = false;  // an array is, so that its copies have to end with the call
  bool finished_ = false;
};

}  // namespace torsor
