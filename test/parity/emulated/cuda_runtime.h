// What native/device/cuda uses of CUDA's runtime, on a machine without it: memory of the process, and kernels as functions that an engine runs
// (engine.h). So the whole addon of the device cuda runs in tests, host side and kernels.
// TORSOR_EMULATED names what is missing on the machine played: `driver`, `old-driver`, `gpu`, `architecture`, `managed`, `capture`; of one GPU
// alone, `architecture 0`, `managed 0`. Empty: nothing.
// TORSOR_EMULATED_GPUS says how many GPUs there are, 1 without it. Each has memory of its own, and whatever belongs to one (memory, a graph, an
// event) is refused while another is current, in more places than CUDA refuses it: so tests find what was done on the wrong one.
// What goes wrong while it runs, and what tests see of it: faults.h.
#pragma once
#include <cstddef>
#include <functional>
#include <tuple>
#include <utility>

#include "engine.h"

struct dim3 {
  unsigned x, y, z;
  explicit dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorNoKernelImageForDevice = 209,
  cudaErrorECCUncorrectable = 214,
  cudaErrorNvlinkUncorrectable = 220,
  cudaErrorContained = 226,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorLaunchTimeout = 702,
  cudaErrorAssert = 710,
  cudaErrorHostMemoryAlreadyRegistered = 712,
  cudaErrorHostMemoryNotRegistered = 713,
  cudaErrorHardwareStackError = 714,
  cudaErrorIllegalInstruction = 715,
  cudaErrorMisalignedAddress = 716,
  cudaErrorInvalidAddressSpace = 717,
  cudaErrorInvalidPc = 718,
  cudaErrorLaunchFailure = 719,
  cudaErrorMpsClientTerminated = 810,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
  cudaErrorCapturedEvent = 907,
  cudaErrorGraphExecUpdateFailure = 910,
  cudaErrorExternalDevice = 911,
  cudaErrorUnknown = 999,
};
const char* cudaGetErrorString(cudaError_t);
const char* cudaGetErrorName(cudaError_t);
cudaError_t cudaGetLastError();

struct cudaDeviceProp {
  char name[256];
  size_t totalGlobalMem;
  int major, minor, concurrentManagedAccess;
};
enum cudaDeviceAttr { cudaDevAttrMultiProcessorCount, cudaDevAttrMaxSharedMemoryPerBlockOptin };
cudaError_t cudaDriverGetVersion(int*);
cudaError_t cudaRuntimeGetVersion(int*);
cudaError_t cudaGetDeviceCount(int*);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp*, int device);
cudaError_t cudaDeviceGetAttribute(int*, cudaDeviceAttr, int device);
// Of the calling thread; the first one until it says otherwise.
cudaError_t cudaSetDevice(int);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);

typedef struct Stream* cudaStream_t;
constexpr cudaStream_t cudaStreamPerThread = nullptr;
cudaError_t cudaStreamSynchronize(cudaStream_t);

typedef struct Event* cudaEvent_t;
constexpr unsigned cudaEventBlockingSync = 1, cudaEventDisableTiming = 2;
cudaError_t cudaEventCreateWithFlags(cudaEvent_t*, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t);
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t);
cudaError_t cudaEventSynchronize(cudaEvent_t);
// What TORSOR_EMULATED_TIMES says, see faults.h.
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t);
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned flags);

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDefault = 4 };
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost, cudaMemoryTypeDevice, cudaMemoryTypeManaged };
struct cudaPointerAttributes {
  cudaMemoryType type;
};
cudaError_t cudaMalloc(void**, size_t);
cudaError_t cudaMallocManaged(void**, size_t);
cudaError_t cudaFree(void*);
// Memory of the process, page-locked: from here, or registered; for the GPU that is current, or for all.
constexpr unsigned cudaHostRegisterPortable = 1;
cudaError_t cudaMallocHost(void**, size_t);
cudaError_t cudaFreeHost(void*);
cudaError_t cudaHostRegister(void*, size_t, unsigned flags);
cudaError_t cudaHostUnregister(void*);
cudaError_t cudaMemsetAsync(void*, int, size_t, cudaStream_t);
cudaError_t cudaMemcpyAsync(void*, const void*, size_t, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes*, const void*);

struct cudaFuncAttributes {};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value);
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes*, const void* kernel);
template <class... P> cudaError_t cudaFuncSetAttribute(void (*kernel)(P...), cudaFuncAttribute which, int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), which, value);
}
template <class... P> cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(P...)) {
  return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}

// Stream capture, of kernels and of moves and clears within the device; anything else invalidates it.
typedef struct Graph* cudaGraph_t;
typedef struct GraphExec* cudaGraphExec_t;
struct cudaGraphExecUpdateResultInfo {};
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
enum cudaStreamCaptureStatus { cudaStreamCaptureStatusNone, cudaStreamCaptureStatusActive };
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus*);
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode);
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t*);
cudaError_t cudaGraphDestroy(cudaGraph_t);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long flags);
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t, cudaGraph_t, cudaGraphExecUpdateResultInfo*);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t);
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t);

// What a kernel was given, by which its arrays are found.
struct Bytes {
  const void* data;
  size_t count;
};
// Whether the launch is one that a GPU would take; then does `run`, now or, in a capture, whenever its graph is launched.
cudaError_t launch_kernel(const void* kernel, const engine::Launch&, const Bytes& arguments,
                          std::function<cudaError_t()> run);
cudaError_t run_kernel(const engine::Launch&, const engine::Thread&);

// A kernel and copies of its arguments, as what every thread calls. They are copied again for each thread, as a GPU does it, and not for the
// engine to check.
template <class... P> struct Arguments {
  void (*kernel)(P...);
  std::tuple<P...> values;

  [[gnu::no_sanitize_thread]] static void call(const void* self) {
    static_cast<const Arguments*>(self)->spread(std::index_sequence_for<P...>{});
  }
  template <size_t... I> [[gnu::no_sanitize_thread]] void spread(std::index_sequence<I...>) const {
    kernel(std::get<I>(values)...);
  }
};

template <class... P, size_t... I>
Arguments<P...> arguments_of(void (*kernel)(P...), void** pointers, std::index_sequence<I...>) {
  return {kernel, std::tuple<P...>(*static_cast<P*>(pointers[I])...)};
}

template <class... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 blocks, dim3 threads, void** arguments, size_t shared_bytes,
                             cudaStream_t) {
  const engine::Launch launch{int(blocks.x), int(threads.x), shared_bytes};
  const auto own = arguments_of(kernel, arguments, std::index_sequence_for<P...>{});
  return launch_kernel(reinterpret_cast<const void*>(kernel), launch, {&own.values, sizeof own.values},
                       [launch, own] { return run_kernel(launch, {own.call, &own}); });
}
