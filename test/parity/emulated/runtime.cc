// See cuda_runtime.h.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

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

using faults::event;

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

// What a stream does, with what must be the same for a graph to take over another's arguments.
struct Node {
  const void* kernel;  // null: a move or a clear
  std::function<cudaError_t()> run;
};
struct Graph {
  std::vector<Node> nodes;
};
struct GraphExec : Graph {};

// Of the calling thread, as its stream; null: it runs what it is asked.
static thread_local Graph* captured = nullptr;
static thread_local bool capture_is_valid = false;

static cudaError_t not_in_a_capture() {
  if (!captured) return cudaSuccess;
  capture_is_valid = false;
  return cudaErrorStreamCaptureUnsupported;
}

static cudaError_t run_or_capture(Node node) {
  if (!captured) return node.run();
  captured->nodes.push_back(std::move(node));
  return cudaSuccess;
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
  if (const cudaError_t error = not_in_a_capture()) return error;
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
  if (const cudaError_t error = not_in_a_capture()) return error;
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
    event("unknown");
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
  event("pin");
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* address) {
  const cudaError_t error = unlock(address, true, cudaErrorHostMemoryNotRegistered);
  if (error == cudaSuccess) event("unpin");
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
  return run_or_capture({nullptr, [=] {
                           event("clear");
                           std::memset(to, value, bytes);
                           return cudaSuccess;
                         }});
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (faults::lost()) return faults::lost();
  const bool to_device = inside(to, bytes), from_device = inside(from, bytes);
  if (kind == cudaMemcpyDefault ? !to_device && !from_device : !(kind == cudaMemcpyHostToDevice ? to_device : from_device))
    return cudaErrorInvalidValue;
  if (kind == cudaMemcpyDefault && to_device && from_device)
    return run_or_capture({nullptr, [=] {
                             event("move");
                             std::memcpy(to, from, bytes);
                             return cudaSuccess;
                           }});
  if (const cudaError_t error = not_in_a_capture()) return error;
  event("copy");
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const Locked* const home = locked_at(to_device ? from : to, bytes);
    event(!home ? "pageable" : home->registered ? "direct" : "staged");
  }
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  event("synchronise");
  return faults::lost();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (faults::lost()) return faults::lost();
  if (missing("capture")) return cudaErrorStreamCaptureUnsupported;
  if (captured) return cudaErrorInvalidValue;
  event("capture");
  captured = new Graph;
  capture_is_valid = true;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!captured) return cudaErrorInvalidValue;
  if (capture_is_valid)
    *graph = captured;
  else
    delete captured;
  captured = nullptr;
  return capture_is_valid ? cudaSuccess : cudaErrorStreamCaptureInvalidated;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  event("instantiate");
  *exec = new GraphExec{*graph};
  return cudaSuccess;
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo*) {
  const auto same = [](const Node& a, const Node& b) { return a.kernel == b.kernel; };
  if (!std::equal(exec->nodes.begin(), exec->nodes.end(), graph->nodes.begin(), graph->nodes.end(), same))
    return cudaErrorGraphExecUpdateFailure;
  exec->nodes = graph->nodes;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  if (faults::lost()) return faults::lost();
  event("graph");
  for (const Node& node : exec->nodes)
    if (const cudaError_t error = node.run()) return error;
  return cudaSuccess;
}

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

cudaError_t launch_kernel(const void* kernel, const engine::Launch& launch, std::function<cudaError_t()> run) {
  if (faults::lost()) return faults::lost();
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const size_t most = large.count(kernel) ? optin_shared_bytes : ordinary_shared_bytes;
    if (launch.blocks < 1 || launch.threads < 1 || launch.threads > max_threads || launch.shared_bytes > most)
      return cudaErrorInvalidConfiguration;
  }
  return run_or_capture({kernel, std::move(run)});
}

cudaError_t run_kernel(const engine::Launch& launch, const engine::Thread& thread) {
  const faults::Launch fault = faults::of_this_launch();
  if (fault == faults::Launch::refused) return cudaErrorLaunchOutOfResources;
  if (fault == faults::Launch::astray) faults::lose(cudaErrorIllegalAddress);  // whoever waits for it is told
  if (fault == faults::Launch::astray) return cudaSuccess;
  event("kernel");
  failure = engine::run(launch, thread);
  return failure.empty() ? cudaSuccess : cudaErrorLaunchFailure;
}
