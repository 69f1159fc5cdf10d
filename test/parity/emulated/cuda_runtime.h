// What native/device/cuda uses of CUDA's runtime, on a machine without it: memory of the process, and kernels as functions whose blocks have
// one thread. So the whole addon of the device cuda runs in tests, host side and kernels, but for what needs threads that run at once.
// TORSOR_EMULATED names what is missing on the machine played: `driver`, `old-driver`, `gpu`, `architecture`, `managed`. Empty: nothing.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

#define __host__
#define __device__
#define __global__
#define __shared__ __thread
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

struct dim3 {
  unsigned x, y, z;
  explicit dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
// Of the running block; its only thread has the number 0.
struct Place3 {
  unsigned x, y, z;
};
extern __thread Place3 blockIdx, gridDim;
constexpr Place3 threadIdx{0, 0, 0}, blockDim{1, 1, 1};
inline void __syncthreads() {}
template <class T> T __ldg(const T* p) { return *p; }
struct alignas(16) float4 {
  float x, y, z, w;
};
using std::max;
using std::min;

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInvalidConfiguration = 9,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorNoKernelImageForDevice = 209,
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
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);

typedef struct Stream* cudaStream_t;
constexpr cudaStream_t cudaStreamPerThread = nullptr;
cudaError_t cudaStreamSynchronize(cudaStream_t);

enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaMemoryType { cudaMemoryTypeUnregistered, cudaMemoryTypeHost, cudaMemoryTypeDevice, cudaMemoryTypeManaged };
struct cudaPointerAttributes {
  cudaMemoryType type;
};
cudaError_t cudaMalloc(void**, size_t);
cudaError_t cudaMallocManaged(void**, size_t);
cudaError_t cudaFree(void*);
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

// Whether the launch is one that a GPU would take.
cudaError_t check_launch(const void* kernel, dim3 blocks, dim3 threads, size_t shared_bytes);

template <class... P, size_t... I>
void run_blocks(void (*kernel)(P...), dim3 blocks, void** arguments, std::index_sequence<I...>) {
  gridDim = {blocks.x, blocks.y, blocks.z};
  for (blockIdx.x = 0; blockIdx.x < blocks.x; blockIdx.x++) kernel(*static_cast<P*>(arguments[I])...);
}

template <class... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 blocks, dim3 threads, void** arguments, size_t shared_bytes,
                             cudaStream_t) {
  const cudaError_t error =
      check_launch(reinterpret_cast<const void*>(kernel), blocks, threads, shared_bytes);
  if (error == cudaSuccess) run_blocks(kernel, blocks, arguments, std::index_sequence_for<P...>{});
  return error;
}
