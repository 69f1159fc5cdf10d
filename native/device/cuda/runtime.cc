// See runtime.h.
#include "device/cuda/runtime.h"

#include "device/error.h"

namespace torsor {

void check(cudaError_t error, const std::string& what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // or the next call would report it again
  throw Error(error == cudaErrorMemoryAllocation ? "OUT_OF_MEMORY" : "NATIVE",
              what + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

static int attribute(cudaDeviceAttr which) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, 0), "reading the limits of the GPU");
  return value;
}

const Gpu& gpu() {
  static const Gpu gpu = [] {
    size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "reading the memory of the GPU");
    return Gpu{attribute(cudaDevAttrMultiProcessorCount), attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin),
               int64_t(total)};
  }();
  return gpu;
}

void synchronise(const char* what) { check(cudaStreamSynchronize(cudaStreamPerThread), what); }

}  // namespace torsor
