// See cuda_runtime.h.
#include <cuda_runtime.h>

#include <algorithm>
#include <atomic>
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

static bool missing(const std::string& what) {
  const char* wanted = std::getenv("TORSOR_EMULATED");
  return wanted && wanted == what;
}
static bool missing(const std::string& what, int gpu) {
  return missing(what) || missing(what + " " + std::to_string(gpu));
}
static int gpus() {
  const char* const count = std::getenv("TORSOR_EMULATED_GPUS");
  return count ? std::clamp(std::atoi(count), 1, most_gpus) : 1;
}

// Of the calling thread.
static thread_local int current = 0;
static std::atomic<bool> started[most_gpus];

// Of everything that needs the current GPU: why it does not answer.
static cudaError_t use() {
  if (!started[current].exchange(true)) faults::event("start " + std::to_string(current));
  return faults::lost(current);
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
  *count = gpus();
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int gpu) {
  if (gpu < 0 || gpu >= gpus()) return cudaErrorInvalidDevice;
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

struct Block {
  size_t bytes;
  cudaMemoryType type;
  int gpu;
};
static std::mutex mutex;
static std::map<const char*, Block> blocks;
static size_t taken[most_gpus];

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
  int gpu;
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
  if (captured->gpu != current) return not_in_a_capture();
  captured->nodes.push_back(std::move(node));
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  *total = memory_bytes;
  *free = memory_bytes - taken[current];
  return cudaSuccess;
}

static cudaError_t allocate(void** address, size_t bytes, cudaMemoryType type) {
  if (const cudaError_t error = use()) return error;
  if (const cudaError_t error = not_in_a_capture()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  if (faults::of_this_allocation() || bytes > memory_bytes - taken[current]) return cudaErrorMemoryAllocation;
  *address = engine::allocate(bytes);
  std::memset(*address, 0xa5, bytes);  // nobody may rely on zeros
  blocks[static_cast<char*>(*address)] = {bytes, type, current};
  taken[current] += bytes;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeDevice); }
cudaError_t cudaMallocManaged(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeManaged); }

cudaError_t cudaFree(void* address) {
  if (const cudaError_t error = use()) return error;
  if (const cudaError_t error = not_in_a_capture()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = blocks.find(static_cast<const char*>(address));
  if (at == blocks.end() || at->second.gpu != current) return cudaErrorInvalidValue;
  taken[current] -= at->second.bytes;
  blocks.erase(at);
  engine::release(address);
  return cudaSuccess;
}

// Page-locked memory of the process, and whether it is registered or comes from cudaMallocHost.
struct Locked {
  size_t bytes;
  bool registered;
  int gpu;  // that knows of it; -1: all
};
static std::map<const char*, Locked> locked;

// Null: not all of the range is page-locked, as far as the current GPU knows.
static const Locked* locked_at(const void* address, size_t bytes) {
  auto at = locked.upper_bound(static_cast<const char*>(address));
  if (at == locked.begin()) return nullptr;
  --at;
  const bool known = at->second.gpu < 0 || at->second.gpu == current;
  return known && static_cast<const char*>(address) + bytes <= at->first + at->second.bytes ? &at->second : nullptr;
}

cudaError_t cudaMallocHost(void** address, size_t bytes) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!*address) return cudaErrorMemoryAllocation;
  std::memset(*address, 0xa5, bytes);
  locked[static_cast<char*>(*address)] = {bytes, false, current};
  return cudaSuccess;
}

static cudaError_t unlock(void* address, bool registered, cudaError_t unknown) {
  if (const cudaError_t error = use()) return error;
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
cudaError_t cudaHostRegister(void* address, size_t bytes, unsigned flags) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  if (!address || bytes == 0) return cudaErrorInvalidValue;
  const char *const begin = static_cast<char*>(address), *const end = begin + bytes;
  const auto next = locked.lower_bound(begin);
  if (locked_at(begin, 1) || (next != locked.end() && next->first < end)) return cudaErrorHostMemoryAlreadyRegistered;
  locked[begin] = {bytes, true, flags & cudaHostRegisterPortable ? -1 : current};
  event("pin");
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* address) {
  const cudaError_t error = unlock(address, true, cudaErrorHostMemoryNotRegistered);
  if (error == cudaSuccess) event("unpin");
  return error;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  if (at != blocks.end())
    attributes->type = at->second.type;
  else
    attributes->type = locked_at(address, 1) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}

// Whether all of a range lies in one block of the current GPU.
static bool inside(const void* address, size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && at->second.gpu == current &&
         static_cast<const char*>(address) + bytes <= at->first + at->second.bytes;
}

// Whether an address lies in memory of another GPU than the current one.
static bool elsewhere(const void* address) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && at->second.gpu != current;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  if (bytes == 0) return cudaSuccess;
  if (!inside(to, bytes)) return cudaErrorInvalidValue;
  return run_or_capture({nullptr, [=] {
                           event("clear");
                           std::memset(to, value, bytes);
                           return cudaSuccess;
                         }});
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  const bool to_device = inside(to, bytes), from_device = inside(from, bytes);
  if (elsewhere(to) || elsewhere(from)) return cudaErrorInvalidValue;
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
  return use();
}

// A stream does at once what it is asked, so that events are reached when they are recorded. One that a capture has recorded is the capture's.
struct Event {
  int gpu;
  bool of_a_capture;
};
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* made, unsigned) {
  if (const cudaError_t error = use()) return error;
  *made = new Event{current, false};
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t it) {
  delete it;
  return cudaSuccess;
}
static cudaError_t wait_for(cudaEvent_t it, const char* word) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  if (it->of_a_capture) return cudaErrorCapturedEvent;
  if (it->gpu != current) return cudaErrorInvalidResourceHandle;
  event(word);
  return use();
}
cudaError_t cudaEventRecord(cudaEvent_t it, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  if (it->gpu != current) return cudaErrorInvalidResourceHandle;
  it->of_a_capture = captured != nullptr;
  event("event");
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t it) { return wait_for(it, "sleep"); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t it, unsigned) { return wait_for(it, "order"); }

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (const cudaError_t error = use()) return error;
  if (missing("capture")) return cudaErrorStreamCaptureUnsupported;
  if (captured) return cudaErrorInvalidValue;
  event("capture");
  captured = new Graph{current, {}};
  capture_is_valid = true;
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!captured || captured->gpu != current) return cudaErrorInvalidValue;
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
  if (exec->gpu != graph->gpu || !std::equal(exec->nodes.begin(), exec->nodes.end(), graph->nodes.begin(), graph->nodes.end(), same))
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
  if (const cudaError_t error = use()) return error;
  if (exec->gpu != current) return cudaErrorInvalidResourceHandle;
  event("graph");
  for (const Node& node : exec->nodes)
    if (const cudaError_t error = node.run()) return error;
  return cudaSuccess;
}

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
  if (gpus() > 1 && elsewhere(arguments)) return cudaErrorInvalidValue;
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

// For the library that plays cuDNN, see cudnn.cc.
extern "C" __attribute__((visibility("default"))) int torsor_emulated_gpu() { return current; }
