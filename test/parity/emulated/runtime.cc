// The GPUs, and their kernels. See cuda_runtime.h.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <vector>

#include "machine.h"

using faults::event;

// Limits of sm_90.
constexpr int runtime_version = 13000, multiprocessors = 4, max_threads = 1024, optin_shared_bytes = engine::shared_bytes,
              ordinary_shared_bytes = 48 << 10;

static thread_local std::string failure;  // of the last kernel

bool missing(const std::string& what) {
  const char* wanted = std::getenv("TORSOR_EMULATED");
  return wanted && wanted == what;
}
bool missing(const std::string& what, int gpu) {
  return missing(what) || missing(what + " " + std::to_string(gpu));
}
int gpu_count() {
  const char* const count = std::getenv("TORSOR_EMULATED_GPUS");
  return count ? std::clamp(std::atoi(count), 1, most_gpus) : 1;
}

thread_local int current = 0;
static std::atomic<bool> started[most_gpus];

cudaError_t use() {
  if (!started[current].exchange(true)) event("start " + std::to_string(current));
  return faults::lost(current);
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorLaunchFailure) return failure.c_str();
  if (error == cudaErrorIllegalAddress) return "an illegal memory access was encountered";
  if (error == cudaErrorLaunchOutOfResources) return "too many resources requested for launch";
  return error == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}
const char* cudaGetErrorName(cudaError_t error) {
  if (error == cudaErrorIllegalAddress) return "cudaErrorIllegalAddress";
  if (error == cudaErrorLaunchOutOfResources) return "cudaErrorLaunchOutOfResources";
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorEmulated";
}
cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = missing("driver") ? 0 : missing("old-driver") ? 12040 : runtime_version;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = runtime_version;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (missing("driver") || missing("old-driver")) return cudaErrorInsufficientDriver;
  if (missing("gpu")) return cudaErrorNoDevice;
  *count = gpu_count();
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int gpu) {
  if (gpu < 0 || gpu >= gpu_count()) return cudaErrorInvalidDevice;
  current = gpu;
  use();
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* gpu, int number) {
  std::strcpy(gpu->name, "Emulated GPU");
  gpu->totalGlobalMem = memory_bytes;
  gpu->major = missing("architecture", number) ? 6 : 9;
  gpu->minor = missing("architecture", number) ? 1 : 0;
  gpu->concurrentManagedAccess = !missing("managed", number);
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
  *value = which == cudaDevAttrMultiProcessorCount ? multiprocessors : optin_shared_bytes;
  return cudaSuccess;
}

static std::mutex mutex;
static std::set<const void*> large[most_gpus];  // kernels that have asked for more than the ordinary shared memory

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  if (value > optin_shared_bytes) return cudaErrorInvalidValue;
  large[current].insert(kernel);
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) {
  if (const cudaError_t error = use()) return error;
  return missing("architecture", current) ? cudaErrorNoKernelImageForDevice : cudaSuccess;
}

// Whether any of the arguments may be an address in memory of another GPU.
static bool elsewhere(const Bytes& arguments) {
  for (size_t at = 0; at + sizeof(void*) <= arguments.count; at += sizeof(void*)) {
    const void* address = nullptr;
    std::memcpy(&address, static_cast<const char*>(arguments.data) + at, sizeof address);
    if (elsewhere(address)) return true;
  }
  return false;
}

cudaError_t launch_kernel(const void* kernel, const engine::Launch& launch, const Bytes& arguments,
                          std::function<cudaError_t()> run) {
  if (const cudaError_t error = use()) return error;
  if (gpu_count() > 1 && elsewhere(arguments)) return cudaErrorInvalidValue;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const size_t most = large[current].count(kernel) ? optin_shared_bytes : ordinary_shared_bytes;
    if (launch.blocks < 1 || launch.threads < 1 || launch.threads > max_threads || launch.shared_bytes > most)
      return cudaErrorInvalidConfiguration;
  }
  return run_or_capture({kernel, std::move(run)});
}

cudaError_t run_kernel(const engine::Launch& launch, const engine::Thread& thread) {
  const faults::Launch fault = faults::of_this_launch();
  if (fault == faults::Launch::refused) return cudaErrorLaunchOutOfResources;
  if (fault == faults::Launch::astray) faults::lose(current, cudaErrorIllegalAddress);  // whoever waits for it is told
  if (fault == faults::Launch::astray) return cudaSuccess;
  event("kernel");
  failure = engine::run(launch, thread);
  return failure.empty() ? cudaSuccess : cudaErrorLaunchFailure;
}

// For the libraries that play cuDNN and cuBLASLt: the current GPU; whether bytes are all in one block of its memory, and a kernel of theirs, with a
// copy of what it is given.
#define EXPORTED extern "C" __attribute__((visibility("default")))
EXPORTED int torsor_emulated_gpu() { return current; }
EXPORTED bool torsor_emulated_reaches(const void* address, size_t bytes) { return reaches(address, bytes); }
EXPORTED int torsor_emulated_launch(void (*kernel)(const void*), const void* given, size_t bytes) {
  if (const cudaError_t error = use()) return error;
  const char* const from = static_cast<const char*>(given);
  return run_or_capture({reinterpret_cast<const void*>(kernel), [kernel, copy = std::vector<char>(from, from + bytes)] {
                           event("library");
                           kernel(copy.data());
                           return cudaSuccess;
                         }});
}
