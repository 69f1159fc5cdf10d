// Included ahead of every *.cu: what nvcc gives a kernel, for the host's compiler.
#pragma once
#ifdef TORSOR_MANY_THREADS
#include "emulator/cuda.h"
#else
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#define __CUDACC__
#define __host__
#define __device__
#define __global__
#define __shared__ __thread
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

// Of the running block; its only thread has the number 0.
struct Index {
  unsigned x, y, z;
};
extern __thread Index blockIdx, gridDim;
constexpr Index threadIdx{0, 0, 0}, blockDim{1, 1, 1};
inline void __syncthreads() {}
template <class T> T __ldg(const T* p) { return *p; }
inline int atomicAdd(int* p, int x) { return __atomic_fetch_add(p, x, __ATOMIC_RELAXED); }
struct alignas(16) float4 {
  float x, y, z, w;
};
using std::max;
using std::min;
#endif
