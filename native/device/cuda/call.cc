// See call.h.
#include "device/cuda/call.h"

#include "device/cuda/deferral.h"
#include "device/cuda/pool.h"
#include "device/cuda/runtime.h"

namespace torsor {

Call::~Call() {
  // After an error a kernel may still be running: its memory must not go to somebody else.
  if (!finished_) cudaStreamSynchronize(cudaStreamPerThread);
  Deferral* const deferral = Deferral::current();
  for (const Block& block : blocks_) {
    if (deferral)
      deferral->give(block.memory, block.bytes);
    else
      scratch_pool().give(block.memory, block.bytes);
  }
}

void* Call::take(int64_t bytes) {
  blocks_.reserve(blocks_.size() + 1);
  Deferral* const deferral = Deferral::current();
  const int64_t size = Pool::rounded(bytes);
  void* const memory = deferral ? deferral->take(size) : scratch_pool().take(size);
  blocks_.push_back({memory, size});
  return memory;
}

static bool of_the_device(const void* array) {
  cudaPointerAttributes attributes;
  check(cudaPointerGetAttributes(&attributes, array), "asking where an array lies");
  return attributes.type == cudaMemoryTypeManaged || attributes.type == cudaMemoryTypeDevice;
}

void* Call::stage(void* array, int64_t first, int64_t count, int64_t element, bool in, bool out) {
  if (!array || count < 1 || of_the_device(array)) return array;
  const int64_t bytes = count * element;
  char *const from = static_cast<char*>(array) + first * element, *const memory = static_cast<char*>(take(bytes));
  if (in) check(cudaMemcpyAsync(memory, from, size_t(bytes), cudaMemcpyHostToDevice, cudaStreamPerThread), name_);
  if (out) results_.push_back({from, memory, bytes});
  return memory - first * element;
}

void Call::finish() {
  for (const Result& r : results_)
    check(cudaMemcpyAsync(r.to, r.from, size_t(r.bytes), cudaMemcpyDeviceToHost, cudaStreamPerThread), name_);
  if (!Deferral::current() || !results_.empty()) synchronise(name_);
  finished_ = true;
}

}  // namespace torsor
