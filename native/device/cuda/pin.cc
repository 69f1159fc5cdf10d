// Pinned memory is registered with CUDA, once for all pins of the process.
#include "device/cuda/pin.h"

#include <map>
#include <mutex>
#include <string>

#include "device/cuda/runtime.h"
#include "device/error.h"
#include "device/pin.h"

namespace torsor {

static std::mutex mutex;

std::shared_mutex& copies_of_pinned_memory() {
  static auto* const lock = new std::shared_mutex;  // never destroyed, as below
  return *lock;
}

static std::map<void*, int>& pins() {                 // how many there are of each address
  static auto* const all = new std::map<void*, int>;  // never destroyed: pins may outlive it at the end of the process
  return *all;
}

static void add_to_cuda(void* data, int64_t bytes) {
  const cudaError_t error = cudaHostRegister(data, size_t(bytes), cudaHostRegisterDefault);
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
  int& count = pins()[data];
  try {
    if (count == 0) add_to_cuda(data, bytes);
  } catch (...) {
    pins().erase(data);
    throw;
  }
  count++;
}

Pin::~Pin() {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = pins().find(data_);
  if (--at->second > 0) return;
  pins().erase(at);
  const std::lock_guard<std::shared_mutex> none(copies_of_pinned_memory());
  cudaHostUnregister(data_);
  cudaGetLastError();
}

}  // namespace torsor
