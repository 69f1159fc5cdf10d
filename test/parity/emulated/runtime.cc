// See cuda_runtime.h.
#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "faults.h"

// Limits of sm_90; the memory is small, so that tests can run out of it.
constexpr int runtime_version = 13000, multiprocessors = 4, max_threads = 1024, optin_shared_bytes = engine::shared_bytes,
              ordinary_shared_bytes = 48 << 10;
constexpr size_t memory_bytes = size_t(256) << 20;

static thread_local std::string failure;  // of the last kernel

static bool missing(const char* what) {
  const char* wanted = std::getenv("TORSOR_EMULATED");
  return wanted && std::string(wanted) == what;
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
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* gpu, int) {
  std::strcpy(gpu->name, "Emulated GPU");
  gpu->totalGlobalMem = memory_bytes;
  gpu->major = missing("architecture") ? 6 : 9;
  gpu->minor = missing("architecture") ? 1 : 0;
  gpu->concurrentManagedAccess = !missing("managed");
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
  *value = which == cudaDevAttrMultiProcessorCount ? multiprocessors : optin_shared_bytes;
  return cudaSuccess;
}

struct Block {
  size_t bytes;
  cudaMemoryType type;
};
static std::mutex mutex;
static std::map<const char*, Block> blocks;
static size_t taken = 0;

// The block an address lies in; blocks.end() when it is not of the device.
static std::map<const char*, Block>::iterator block_of(const void* address) {
  auto at = blocks.upper_bound(static_cast<const char*>(address));
  if (at == blocks.begin()) return blocks.end();
  --at;
  return static_cast<const char*>(address) < at->first + at->second.bytes ? at : blocks.end();
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  *total = memory_bytes;
  *free = memory_bytes - taken;
  return cudaSuccess;
}

static cudaError_t allocate(void** address, size_t bytes, cudaMemoryType type) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  if (faults::of_this_allocation() || bytes > memory_bytes - taken) return cudaErrorMemoryAllocation;
  *address = engine::allocate(bytes);
  std::memset(*address, 0xa5, bytes);  // nobody may rely on zeros
  blocks[static_cast<char*>(*address)] = {bytes, type};
  taken += bytes;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeDevice); }
cudaError_t cudaMallocManaged(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeManaged); }

cudaError_t cudaFree(void* address) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = blocks.find(static_cast<const char*>(address));
  if (at == blocks.end()) return cudaErrorInvalidValue;
  taken -= at->second.bytes;
  blocks.erase(at);
  engine::release(address);
  return cudaSuccess;
}

// Page-locked memory of the process, and whether it is registered or comes from cudaMallocHost.
struct Locked {
  size_t bytes;
  bool registered;
};
static std::map<const char*, Locked> locked;

// Null: not all of the range is page-locked.
static const Locked* locked_at(const void* address, size_t bytes) {
  auto at = locked.upper_bound(static_cast<const char*>(address));
  if (at == locked.begin()) return nullptr;
  --at;
  return static_cast<const char*>(address) + bytes <= at->first + at->second.bytes ? &at->second : nullptr;
}

cudaError_t cudaMallocHost(void** address, size_t bytes) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!*address) return cudaErrorMemoryAllocation;
  std::memset(*address, 0xa5, bytes);
  locked[static_cast<char*>(*address)] = {bytes, false};
  return cudaSuccess;
}

static cudaError_t unlock(void* address, bool registered, cudaError_t unknown) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = locked.find(static_cast<char*>(address));
  if (at == locked.end() || at->second.registered != registered) {
    faults::event("unknown");
    return unknown;
  }
  locked.erase(at);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* address) {
  const cudaError_t error = unlock(address, false, cudaErrorInvalidValue);
  if (error == cudaSuccess) std::free(address);
  return error;
}
cudaError_t cudaHostRegister(void* address, size_t bytes, unsigned) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  if (!address || bytes == 0) return cudaErrorInvalidValue;
  const char *const begin = static_cast<char*>(address), *const end = begin + bytes;
  const auto next = locked.lower_bound(begin);
  if (locked_at(begin, 1) || (next != locked.end() && next->first < end)) return cudaErrorHostMemoryAlreadyRegistered;
  locked[begin] = {bytes, true};
  faults::event("pin");
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* address) {
  const cudaError_t error = unlock(address, true, cudaErrorHostMemoryNotRegistered);
  if (error == cudaSuccess) faults::event("unpin");
  return error;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  if (at != blocks.end())
    attributes->type = at->second.type;
  else
    attributes->type = locked_at(address, 1) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}

// Whether all of a range lies in one block of the device.
static bool inside(const void* address, size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && static_cast<const char*>(address) + bytes <= at->first + at->second.bytes;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  if (faults::lost()) return faults::lost();
  if (bytes == 0) return cudaSuccess;
  if (!inside(to, bytes)) return cudaErrorInvalidValue;
  std::memset(to, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (faults::lost()) return faults::lost();
  if (!inside(kind == cudaMemcpyHostToDevice ? to : from, bytes)) return cudaErrorInvalidValue;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const Locked* const home = locked_at(kind == cudaMemcpyHostToDevice ? from : to, bytes);
    faults::event(!home ? "pageable" : home->registered ? "direct" : "staged");
  }
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return faults::lost(); }

static std::set<const void*> large;  // kernels that have asked for more than the ordinary shared memory

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  if (faults::lost()) return faults::lost();
  const std::lock_guard<std::mutex> lock(mutex);
  if (value > optin_shared_bytes) return cudaErrorInvalidValue;
  large.insert(kernel);
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) {
  return missing("architecture") ? cudaErrorNoKernelImageForDevice : cudaSuccess;
}

cudaError_t run_kernel(const void* kernel, const engine::Launch& launch, const engine::Thread& thread) {
  if (faults::lost()) return faults::lost();
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const size_t most = large.count(kernel) ? optin_shared_bytes : ordinary_shared_bytes;
    if (launch.blocks < 1 || launch.threads < 1 || launch.threads > max_threads || launch.shared_bytes > most)
      return cudaErrorInvalidConfiguration;
  }
  const faults::Launch fault = faults::of_this_launch();
  if (fault == faults::Launch::refused) return cudaErrorLaunchOutOfResources;
  if (fault == faults::Launch::astray) faults::lose(cudaErrorIllegalAddress);  // whoever waits for it is told
  if (fault == faults::Launch::astray) return cudaSuccess;
  failure = engine::run(launch, thread);
  return failure.empty() ? cudaSuccess : cudaErrorLaunchFailure;
}
