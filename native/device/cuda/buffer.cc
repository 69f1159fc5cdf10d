// Buffers in managed memory: kernels and the host read the same addresses, and pages move to whoever touches them. What happens at every step
// or minibatch runs in kernels, so pages stay on the GPU; the host touches them at the ends of a rollout or an update, to start one over, to read
// its columns or to save what there is, after the kernels before have been waited for.
#include "device/buffer.h"

#include "device/cuda/call.h"
#include "device/cuda/pool.h"
#include "device/cuda/runtime.h"
#include "device/processor.h"

namespace torsor {

Buffer::Buffer(int64_t bytes) : bytes_(bytes), processor_(current_processor()) {
  GpuMemory& memory = gpu_memory();
  data_ = memory.shared.take(bytes);
  memory.buffers++;
  memory.bytes += bytes;
  try {
    const std::string what = "clearing a buffer of " + std::to_string(bytes) + " bytes";
    check(cudaMemsetAsync(data_, 0, size_t(bytes), cudaStreamPerThread), what);
    synchronise(what.c_str());
  } catch (...) {
    release();
    throw;
  }
}

void Buffer::release() {
  if (!data_) return;
  GpuMemory& memory = gpu_memory(processor_);
  memory.shared.give(data_, bytes_);
  memory.buffers--;
  memory.bytes -= bytes_;
  data_ = nullptr;
  bytes_ = 0;
}

void copy_bytes(void* to, const void* from, int64_t bytes) {
  Call call("a copy");
  check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDefault, cudaStreamPerThread), "a copy");
  call.finish();
}

MemoryUse memory_use(int processor) {
  const GpuMemory& memory = gpu_memory(processor);
  return {memory.buffers, memory.bytes, memory.budget.bytes, memory.budget.limit};
}

void set_memory_limit(int processor, int64_t bytes) {
  GpuMemory& memory = gpu_memory(processor);
  memory.budget.limit = bytes;
  for (Pool* pool : {&memory.shared, &memory.scratch, &memory.pinned}) pool->empty();
}

}  // namespace torsor
