// See pool.h.
#include "device/cuda/pool.h"

#include <algorithm>
#include <string>

#include "device/buffer.h"
#include "device/cuda/per_gpu.h"
#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor {

// Of the GPU's memory, what may wait in a pool: others want to use the GPU as well.
constexpr int kept_share = 8;
constexpr int64_t smallest = 512;
// Pages that the operating system cannot take back; larger arrays are copied piece by piece by CUDA itself.
constexpr int64_t most_pinned_bytes = int64_t(64) << 20;

static int64_t bytes_of(int gpu) { return device_status().processors[size_t(gpu)].bytes; }

int64_t Pool::rounded(int64_t bytes) {
  int64_t step = smallest;
  while (step * 16 <= bytes) step *= 2;
  return bytes < 1 ? smallest : (bytes + step - 1) / step * step;
}

static Error out_of_memory(int gpu, int64_t bytes) {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  const Budget& budget = gpu_memory(gpu).budget;
  const int64_t limit = budget.limit;
  const std::string may =
      limit < no_memory_limit ? ", which may have " + std::to_string(limit) + " (see setMemoryLimit)" : "";
  return Error("OUT_OF_MEMORY", "no memory for " + std::to_string(bytes) + " bytes on cuda:" + std::to_string(gpu) +
                                    ": " + std::to_string(free) + " of " + std::to_string(total) + " bytes are free, " +
                                    std::to_string(budget.bytes) + " are in use by torsor" + may);
}

void* Pool::waiting_block(int64_t size) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = waiting_.find(size);
  if (at == waiting_.end() || at->second.empty()) return nullptr;
  void* const block = at->second.back();
  at->second.pop_back();
  use_.kept -= size;
  use_.taken += size;
  return block;
}

void* Pool::new_block(int64_t size, int64_t bytes) {
  Budget& budget = source_.budget;
  void* block = nullptr;
  const bool allowed = (budget.bytes += size) <= budget.limit;
  const cudaError_t error = allowed ? source_.allocate(&block, size_t(size)) : cudaErrorMemoryAllocation;
  if (error == cudaSuccess) {
    const std::lock_guard<std::mutex> lock(mutex_);
    use_.taken += size;
    return block;
  }
  budget.bytes -= size;
  if (error != cudaErrorMemoryAllocation) check(error, "allocating " + std::to_string(bytes) + " bytes");
  cudaGetLastError();
  return nullptr;
}

void* Pool::try_take(int64_t bytes) {
  const int64_t size = rounded(bytes);
  void* const block = waiting_block(size);
  return block ? block : new_block(size, bytes);
}

void* Pool::take(int64_t bytes) {
  if (void* const block = try_take(bytes)) return block;
  GpuMemory& memory = gpu_memory(source_.gpu);
  memory.shared.empty();
  memory.scratch.empty();
  if (void* const block = try_take(bytes)) return block;
  throw out_of_memory(source_.gpu, bytes);
}

void Pool::release(void* block, int64_t size) noexcept {
  try {
    const OnProcessor on(source_.gpu);
    source_.release(block);
  } catch (const Error&) {}  // nothing comes back from a GPU that is lost
  source_.budget.bytes -= size;
}

void Pool::give(void* block, int64_t bytes) noexcept {
  const int64_t size = rounded(bytes);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    use_.taken -= size;
    const bool within = source_.budget.bytes <= source_.budget.limit;
    if (within && (use_.kept + size) * kept_share <= bytes_of(source_.gpu)) {
      waiting_[size].push_back(block);
      use_.kept += size;
      return;
    }
  }
  release(block, size);
}

PoolUse Pool::use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return use_;
}

void Pool::empty() noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [size, blocks] : waiting_)
    for (void* block : blocks) release(block, size);
  waiting_.clear();
  use_.kept = 0;
}

GpuMemory::GpuMemory(int gpu)
    : budget(no_memory_limit),
      pinned_budget(most_pinned_bytes),
      shared({gpu, [](void** block, size_t bytes) { return cudaMallocManaged(block, bytes); }, cudaFree, budget}),
      scratch({gpu, [](void** block, size_t bytes) { return cudaMalloc(block, bytes); }, cudaFree, budget}),
      pinned({gpu, [](void** block, size_t bytes) { return cudaMallocHost(block, bytes); }, cudaFreeHost,
              pinned_budget}) {}

static PerGpu<GpuMemory>& memories() {
  static PerGpu<GpuMemory> all;
  return all;
}

GpuMemory& gpu_memory(int gpu) { return memories().of(gpu); }
GpuMemory& gpu_memory() { return memories().current(); }

int64_t most_gpu_bytes() { return std::min<int64_t>(bytes_of(current_processor()), gpu_memory().budget.limit); }

}  // namespace torsor
