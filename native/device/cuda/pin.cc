// Pinned memory is registered with CUDA, once for all pins of the process, and for all its GPUs.
#include "device/cuda/pin.h"

#include <map>
#include <mutex>
#include <string>

#include "device/cuda/runtime.h"
#include "device/error.h"
#include "device/pin.h"
#include "device/processor.h"

namespace torsor {

static std::mutex mutex;

std::shared_mutex& copies_of_pinned_memory() {
  static auto* const lock = new std::shared_mutex;  // never destroyed, as below
  return *lock;
}

struct Pinned {
  int pins = 0;  // how many there are of the address
  int gpu = 0;   // by which CUDA was told; all know of it
};
static std::map<void*, Pinned>& all_pinned() {
  static auto* const all =
      new std::map<void*, Pinned>;  // never destroyed: pins may outlive it at the end of the process
  return *all;
}

static void add_to_cuda(void* data, int64_t bytes) {
  const cudaError_t error = cudaHostRegister(data, size_t(bytes), cudaHostRegisterPortable);
  const std::string memory = std::to_string(bytes) + " bytes of the process";
  if (error == cudaErrorHostMemoryAlreadyRegistered) {
    cudaGetLastError();
    throw Error("INVALID_ARGUMENT", "buffer: other code of this process has pinned some of its " + memory);
  }
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw Error("OUT_OF_MEMORY",
                "no memory to pin " + memory + "; see what the system lets a process lock (ulimit -l)");
  }
  check(error, "pinning " + memory);
}

Pin::Pin(void* data, int64_t bytes) : data_(data) {
  const std::lock_guard<std::mutex> lock(mutex);
  Pinned& pinned = all_pinned()[data];
  try {
    if (pinned.pins == 0) add_to_cuda(data, bytes);
  } catch (...) {
    all_pinned().erase(data);
    throw;
  }
  if (pinned.pins++ == 0) pinned.gpu = current_processor();
}

Pin::~Pin() {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = all_pinned().find(data_);
  if (--at->second.pins > 0) return;
  const int gpu = at->second.gpu;
  all_pinned().erase(at);
  const std::lock_guard<std::shared_mutex> none(copies_of_pinned_memory());
  try {
    const OnProcessor on(gpu);
    cudaHostUnregister(data_);
    cudaGetLastError();
  } catch (const Error&) {}  // a GPU that is lost lets go of nothing
}

}  // namespace torsor
