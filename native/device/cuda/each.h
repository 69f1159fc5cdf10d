// The loop of kernels whose elements do not depend on each other.
#pragma once
#include <cstdint>

namespace torsor::TORSOR_ISA {

// f(k) for this thread's share of 0 <= k < count.
template <class F> __device__ __forceinline__ void each(int64_t count, F f) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t k = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) f(k);
}

}  // namespace torsor::TORSOR_ISA
