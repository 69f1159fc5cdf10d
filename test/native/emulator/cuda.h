// What CUDA's own header gives a kernel, for the host's compiler and the emulator; included ahead of every source of kernels.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "emulator/thread.h"

#define __CUDACC__
#define __host__
#define __device__
#define __global__
#define __shared__
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define threadIdx (emulator::thread_index())
#define blockIdx (emulator::block_index())
#define blockDim (emulator::block_size())
#define gridDim (emulator::grid_size())

template <class T> T min(T a, T b) { return b < a ? b : a; }
template <class T> T max(T a, T b) { return a < b ? b : a; }

// A vector is read and written whole, so its address is checked as a whole.
template <class T> struct alignas(2 * sizeof(T)) Vector2 {
  T x, y;
  Vector2(T x_, T y_) : x(x_), y(y_) {}
  Vector2(const Vector2& v) : x((emulator::check_alignment(&v, sizeof v), v.x)), y(v.y) {}
  Vector2& operator=(const Vector2& v) {
    emulator::check_alignment(this, sizeof v);
    x = v.x, y = v.y;
    return *this;
  }
};
template <class T> struct alignas(4 * sizeof(T)) Vector4 {
  T x, y, z, w;
  Vector4(T x_, T y_, T z_, T w_) : x(x_), y(y_), z(z_), w(w_) {}
  Vector4(const Vector4& v) : x((emulator::check_alignment(&v, sizeof v), v.x)), y(v.y), z(v.z), w(v.w) {}
  Vector4& operator=(const Vector4& v) {
    emulator::check_alignment(this, sizeof v);
    x = v.x, y = v.y, z = v.z, w = v.w;
    return *this;
  }
};
using float2 = Vector2<float>;
using float4 = Vector4<float>;
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

// The line of a barrier is part of which barrier it is. (Not its address: compilers copy code.)
inline void __syncthreads(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  emulator::barrier(file, line);
}

// Inlined like what is below, so that errors name the line that calls it.
#define INLINED inline __attribute__((always_inline))

template <class T> INLINED T __ldg(const T* p) {
  emulator::read_only(p, sizeof *p);
  return *p;
}

INLINED float atomicAdd(float* p, float x) { return emulator::add(p, x); }
INLINED int atomicAdd(int* p, int x) { return emulator::add(p, x); }
INLINED unsigned atomicAdd(unsigned* p, unsigned x) { return emulator::add(p, x); }

constexpr int warpSize = 32;

inline void __syncwarp(unsigned mask = ~0u) { emulator::warp(emulator::WarpOperation::synchronize, mask, 0, 0); }
inline unsigned __ballot_sync(unsigned mask, bool vote) {
  return emulator::warp(emulator::WarpOperation::ballot, mask, vote, 0);
}
inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }

// `source` is a lane of the whole warp.
template <class T> T emulated_shuffle(unsigned mask, T x, int source) {
  static_assert(sizeof(T) == 4, "shuffles of 4 bytes");
  unsigned bits;
  memcpy(&bits, &x, 4);
  bits = emulator::warp(emulator::WarpOperation::shuffle, mask, bits, source);
  memcpy(&x, &bits, 4);
  return x;
}
// Lanes are counted within parts of `width` lanes; a lane outside its part gives a thread its own x back.
template <class T> T __shfl_sync(unsigned mask, T x, int source, int width = warpSize) {
  const int lane = emulator::lane();
  return emulated_shuffle(mask, x, lane / width * width + source % width);
}
template <class T> T __shfl_xor_sync(unsigned mask, T x, int bits, int width = warpSize) {
  const int lane = emulator::lane(), source = lane ^ bits;
  return emulated_shuffle(mask, x, source / width <= lane / width ? source : lane);
}
template <class T> T __shfl_down_sync(unsigned mask, T x, int distance, int width = warpSize) {
  const int lane = emulator::lane();
  return emulated_shuffle(mask, x, lane % width + distance < width ? lane + distance : lane);
}
