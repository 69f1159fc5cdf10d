// Memory that outlives its user: asking CUDA for some waits for everything under way, so freed blocks are kept for the next of their size.
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace torsor {

// Bytes that pools together have from the system, and may have.
struct Budget {
  std::atomic<int64_t> bytes{0}, limit;
  explicit Budget(int64_t limit_) : limit(limit_) {}
};

// Where the blocks of a pool come from.
struct Source {
  int gpu;
  cudaError_t (*allocate)(void** block, size_t bytes);
  cudaError_t (*release)(void* block);
  Budget& budget;
};

struct PoolUse {
  int64_t taken = 0;  // bytes in blocks that somebody has, rounded as they are handed out
  int64_t kept = 0;   // bytes in blocks that wait
};

class Pool {
 public:
  explicit Pool(const Source& source) : source_(source) {}

  // On a thread for which the GPU is current. Aligned to 256 bytes, with anything in it. Throws OUT_OF_MEMORY once emptying the pools has not
  // helped. Blocks are given back by the thread that used them, after it has waited for its stream; by whatever GPU is current.
  void* take(int64_t bytes);
  // As take, but null where there is none.
  void* try_take(int64_t bytes);
  void give(void* block, int64_t bytes) noexcept;
  PoolUse use() const;
  // Gives what waits back to the system.
  void empty() noexcept;

  // Sizes differ by an eighth at most, so that a block fits the next user too.
  static int64_t rounded(int64_t bytes);

 private:
  void* waiting_block(int64_t size);
  // Null where there is no memory, or the budget is spent.
  void* new_block(int64_t size, int64_t bytes);
  void release(void* block, int64_t size) noexcept;

  const Source source_;
  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<void*>> waiting_;
  PoolUse use_;
};

// What there is of each GPU.
struct GpuMemory {
  explicit GpuMemory(int gpu);

  Budget budget, pinned_budget;
  std::atomic<int64_t> buffers{0}, bytes{0};  // of Buffers that are alive
  // Behind Buffers: memory that the host and the GPU both reach.
  Pool shared;
  // For the time of one call: the GPU alone reaches it.
  Pool scratch;
  // Memory of the host that CUDA copies from and to by itself, for arrays on their way. There is little of it: see most_pinned_bytes.
  Pool pinned;
};

GpuMemory& gpu_memory(int gpu);
// Of the current one.
GpuMemory& gpu_memory();
// What torsor may have of it.
int64_t most_gpu_bytes();

}  // namespace torsor
