// Buffers in managed memory: kernels and the host read the same addresses, and pages move to whoever touches them. What happens at every step
// or minibatch runs in kernels, so pages stay on the GPU; the host touches them at the ends of a rollout or an update, to start one over, to read
// its columns or to save what there is, after the kernels before have been waited for.
#include "device/buffer.h"

#include <atomic>

#include "device/cuda/call.h"
#include "device/cuda/pool.h"
#include "device/cuda/runtime.h"

namespace torsor {

static std::atomic<int64_t> buffers{0}, total_bytes{0};

Buffer::Buffer(int64_t bytes) : bytes_(bytes) {
  data_ = shared_pool().take(bytes);
  buffers++;
  total_bytes += bytes;
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
  shared_pool().give(data_, bytes_);
  buffers--;
  total_bytes -= bytes_;
  data_ = nullptr;
  bytes_ = 0;
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = other.data_;
  bytes_ = other.bytes_;
  other.data_ = nullptr;
  other.bytes_ = 0;
  return *this;
}

void copy_bytes(void* to, const void* from, int64_t bytes) {
  Call call("a copy");
  check(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDefault, cudaStreamPerThread), "a copy");
  call.finish();
}

MemoryUse memory_use() { return {buffers, total_bytes, gpu_budget().bytes, gpu_budget().limit}; }

void set_memory_limit(int64_t bytes) {
  gpu_budget().limit = bytes;
  for (Pool* pool : {&shared_pool(), &scratch_pool(), &pinned_pool()}) pool->empty();
}

}  // namespace torsor
