// See pool.h.
#include "device/cuda/pool.h"

#include <string>

#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor {

// Of the GPU's memory, what may wait in a pool: others want to use the GPU as well.
constexpr int kept_share = 8;
constexpr int64_t smallest = 512;

int64_t Pool::rounded(int64_t bytes) {
  int64_t step = smallest;
  while (step * 16 <= bytes) step *= 2;
  return bytes < 1 ? smallest : (bytes + step - 1) / step * step;
}

void* Pool::take(int64_t bytes) {
  const int64_t size = rounded(bytes);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<void*>& blocks = waiting_[size];
    if (!blocks.empty()) {
      void* const block = blocks.back();
      blocks.pop_back();
      use_.kept -= size;
      use_.taken += size;
      return block;
    }
  }
  void* block = nullptr;
  cudaError_t error = allocate_(&block, size_t(size));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    shared_pool().empty();
    scratch_pool().empty();
    error = allocate_(&block, size_t(size));
  }
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw Error("OUT_OF_MEMORY",
                "no memory for " + std::to_string(bytes) + " bytes on the GPU: " + std::to_string(free) + " of " +
                    std::to_string(total) + " bytes are free, " +
                    std::to_string(shared_pool().use().taken + scratch_pool().use().taken) + " are in use by torsor");
  }
  check(error, "allocating " + std::to_string(bytes) + " bytes on the GPU");
  const std::lock_guard<std::mutex> lock(mutex_);
  use_.taken += size;
  use_.system++;
  return block;
}

void Pool::give(void* block, int64_t bytes) noexcept {
  const int64_t size = rounded(bytes);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    use_.taken -= size;
    if ((use_.kept + size) * kept_share <= gpu().memory_bytes) {
      waiting_[size].push_back(block);
      use_.kept += size;
      return;
    }
  }
  cudaFree(block);
}

PoolUse Pool::use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return use_;
}

void Pool::empty() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [size, blocks] : waiting_)
    for (void* block : blocks) cudaFree(block);
  waiting_.clear();
  use_.kept = 0;
}

// Never destroyed: at the end of the process buffers may still be alive, and CUDA may be gone already.
Pool& shared_pool() {
  static Pool* const pool = new Pool([](void** block, size_t bytes) { return cudaMallocManaged(block, bytes); });
  return *pool;
}

Pool& scratch_pool() {
  static Pool* const pool = new Pool([](void** block, size_t bytes) { return cudaMalloc(block, bytes); });
  return *pool;
}

}  // namespace torsor
