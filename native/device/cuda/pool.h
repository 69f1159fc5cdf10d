// Memory of the GPU that outlives its user: cudaMalloc waits for everything under way, so freed blocks are kept for the next of their size.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace torsor {

struct PoolUse {
  int64_t taken = 0;   // bytes in blocks that somebody has, rounded as they are handed out
  int64_t kept = 0;    // bytes in blocks that wait
  int64_t system = 0;  // how often the system was asked
};

class Pool {
 public:
  using Allocate = cudaError_t (*)(void** block, size_t bytes);
  explicit Pool(Allocate allocate) : allocate_(allocate) {}

  // Aligned to 256 bytes, with anything in it. Throws OUT_OF_MEMORY once emptying the pools has not helped. Blocks are given back by the
  // thread that used them, after it has waited for its stream.
  void* take(int64_t bytes);
  void give(void* block, int64_t bytes) noexcept;
  PoolUse use() const;
  // Gives what waits back to the system.
  void empty() noexcept;

  // Sizes differ by an eighth at most, so that a block fits the next user too.
  static int64_t rounded(int64_t bytes);

 private:
  Allocate allocate_;
  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<void*>> waiting_;
  PoolUse use_;
};

// Behind Buffers: memory that the host and the GPU both reach.
Pool& shared_pool();
// For the time of one call: the GPU alone reaches it.
Pool& scratch_pool();

}  // namespace torsor
