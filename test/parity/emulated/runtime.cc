// See cuda_runtime.h.
#include <cuda_runtime.h>

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>

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
  return error == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}
const char* cudaGetErrorName(cudaError_t error) {
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
  const std::lock_guard<std::mutex> lock(mutex);
  *total = memory_bytes;
  *free = memory_bytes - taken;
  return cudaSuccess;
}

static cudaError_t allocate(void** address, size_t bytes, cudaMemoryType type) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (bytes > memory_bytes - taken) return cudaErrorMemoryAllocation;
  *address = engine::allocate(bytes);
  std::memset(*address, 0xa5, bytes);  // nobody may rely on zeros
  blocks[static_cast<char*>(*address)] = {bytes, type};
  taken += bytes;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeDevice); }
cudaError_t cudaMallocManaged(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeManaged); }

cudaError_t cudaFree(void* address) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = blocks.find(static_cast<const char*>(address));
  if (at == blocks.end()) return cudaErrorInvalidValue;
  taken -= at->second.bytes;
  blocks.erase(at);
  engine::release(address);
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  attributes->type = at == blocks.end() ? cudaMemoryTypeUnregistered : at->second.type;
  return cudaSuccess;
}

// Whether all of a range lies in one block of the device.
static bool inside(const void* address, size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && static_cast<const char*>(address) + bytes <= at->first + at->second.bytes;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  if (bytes == 0) return cudaSuccess;
  if (!inside(to, bytes)) return cudaErrorInvalidValue;
  std::memset(to, value, bytes);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (!inside(kind == cudaMemcpyHostToDevice ? to : from, bytes)) return cudaErrorInvalidValue;
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }

static std::set<const void*> large;  // kernels that have asked for more than the ordinary shared memory

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (value > optin_shared_bytes) return cudaErrorInvalidValue;
  large.insert(kernel);
  return cudaSuccess;
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void*) {
  return missing("architecture") ? cudaErrorNoKernelImageForDevice : cudaSuccess;
}

cudaError_t run_kernel(const void* kernel, const engine::Launch& launch, const engine::Thread& thread) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const size_t most = large.count(kernel) ? optin_shared_bytes : ordinary_shared_bytes;
    if (launch.blocks < 1 || launch.threads < 1 || launch.threads > max_threads || launch.shared_bytes > most)
      return cudaErrorInvalidConfiguration;
  }
  failure = engine::run(launch, thread);
  return failure.empty() ? cudaSuccess : cudaErrorLaunchFailure;
}
