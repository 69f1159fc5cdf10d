// See call.h.
#include "device/cuda/call.h"

#include <cstring>

#include "device/cuda/deferral.h"
#include "device/cuda/pin.h"
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
      gpu_memory().scratch.give(block.memory, block.bytes);
  }
  for (const Block& block : pinned_) gpu_memory().pinned.give(block.memory, block.bytes);
}

void* Call::take(int64_t bytes) {
  blocks_.reserve(blocks_.size() + 1);
  Deferral* const deferral = Deferral::current();
  const int64_t size = Pool::rounded(bytes);
  void* const memory = deferral ? deferral->take(size) : gpu_memory().scratch.take(size);
  blocks_.push_back({memory, size});
  return memory;
}

void* Call::take_pinned(int64_t bytes) {
  pinned_.reserve(pinned_.size() + 1);
  void* const memory = gpu_memory().pinned.try_take(bytes);
  if (memory) pinned_.push_back({memory, bytes});
  return memory;
}

static cudaMemoryType home_of(const void* array) {
  cudaPointerAttributes attributes;
  check(cudaPointerGetAttributes(&attributes, array), "asking where an array lies");
  return attributes.type;
}

void* Call::stage(void* array, int64_t first, int64_t count, int64_t element, bool in, bool out) {
  if (!array || count < 1) return array;
  const cudaMemoryType home = home_of(array);
  if (home == cudaMemoryTypeManaged || home == cudaMemoryTypeDevice) return array;
  const int64_t bytes = count * element;
  char *const from = static_cast<char*>(array) + first * element, *const memory = static_cast<char*>(take(bytes));
  of_the_process_ = true;
  const bool direct = home == cudaMemoryTypeHost;
  if (direct && !copies_) copies_ = std::shared_lock<std::shared_mutex>(copies_of_pinned_memory());
  void* const pinned = direct ? nullptr : take_pinned(bytes);
  if (in) {
    if (pinned) std::memcpy(pinned, from, size_t(bytes));
    const void* const source = pinned ? pinned : from;
    check(cudaMemcpyAsync(memory, source, size_t(bytes), cudaMemcpyHostToDevice, cudaStreamPerThread), name_);
  }
  if (out) results_.push_back({from, memory, pinned, bytes});
  return memory - first * element;
}

void Call::finish() {
  for (const Result& r : results_) {
    void* const target = r.pinned ? r.pinned : r.to;
    check(cudaMemcpyAsync(target, r.from, size_t(r.bytes), cudaMemcpyDeviceToHost, cudaStreamPerThread), name_);
  }
  if (!Deferral::current() || of_the_process_) synchronise(name_);
  finished_ = true;
  for (const Result& r : results_)
    if (r.pinned) std::memcpy(r.to, r.pinned, size_t(r.bytes));
}

}  // namespace torsor
