// The only way a kernel is started: on the calling thread's stream, with its errors as ours.
#pragma once
#include <cstdint>
#include <string>

#include "device/cuda/runtime.h"

namespace torsor {

template <class T> struct Exactly {
  using type = T;
};

constexpr int64_t ordinary_shared_bytes = 48 << 10;  // what a block may have without asking
constexpr int most_parameter_bytes = 32764;          // of a kernel, from CUDA 12.1 on

// Converts the arguments to what the kernel takes.
template <class... P>
void launch(const char* name, void (*kernel)(P...), int blocks, int threads, int64_t shared_bytes,
            typename Exactly<P>::type... arguments) {
  static_assert((sizeof(P) + ... + 0) + 16 * sizeof...(P) <= most_parameter_bytes);
  cudaError_t error = cudaSuccess;
  if (shared_bytes > ordinary_shared_bytes)
    error = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(gpu().shared_bytes));
  void* pointers[] = {&arguments...};
  if (error == cudaSuccess)
    error = cudaLaunchKernel(kernel, dim3(blocks), dim3(threads), pointers, size_t(shared_bytes), cudaStreamPerThread);
  if (error != cudaSuccess)
    check(error, std::string("the kernel ") + name + " (" + std::to_string(blocks) + " blocks of " +
                     std::to_string(threads) + " threads, " + std::to_string(shared_bytes) +
                     " bytes of shared memory)");
}

// One thread per element.
template <class... P>
void launch_each(const char* name, void (*kernel)(P...), int64_t elements, typename Exactly<P>::type... arguments) {
  constexpr int threads = 256;
  if (elements > 0) launch<P...>(name, kernel, int((elements + threads - 1) / threads), threads, 0, arguments...);
}

}  // namespace torsor
