// Whether CUDA runs here, found out without a driver being needed: the runtime is linked statically and opens it by itself.
#include "device/status.h"

#include <cuda_runtime.h>

#include "device/cuda/calls.h"

namespace torsor {

const char* const device_name = "cuda";

// Compute capability that the oldest kernels are compiled for, and what the memory of our buffers needs (see buffer.cc).
constexpr int oldest_architecture = 8;

static std::string version(int number) {  // 13000 is 13.0
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

static std::string problem_of(const cudaDeviceProp& gpu) {
  const std::string name =
      std::string(gpu.name) + " has compute capability " + std::to_string(gpu.major) + "." + std::to_string(gpu.minor);
  if (gpu.major < oldest_architecture || calls::loadable() != cudaSuccess) {
    cudaGetLastError();
    return name + ", for which this build has no code (" + std::to_string(oldest_architecture) +
           ".0 or newer is needed); compile torsor with TORSOR_CUDA_ARCHS for it, or choose another GPU with "
           "CUDA_VISIBLE_DEVICES";
  }
  if (!gpu.concurrentManagedAccess)
    return std::string(gpu.name) +
           " does not share managed memory with running kernels here (as under WSL 2 and on some virtual GPUs), which "
           "torsor needs; run it on Linux with the GPU itself";
  return "";
}

static DeviceStatus find_out() {
  DeviceStatus status;
  int driver = 0, runtime = 0, count = 0;
  cudaRuntimeGetVersion(&runtime);
  status.runtime = version(runtime);
  cudaDriverGetVersion(&driver);
  if (driver == 0) {
    status.problem = "no NVIDIA driver was found (libcuda.so.1 could not be loaded); install one for CUDA " +
                     status.runtime + " or newer";
    return status;
  }
  status.driver = version(driver);
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    status.problem = "the NVIDIA driver here is for CUDA " + status.driver + ", and CUDA " + status.runtime +
                     " or newer is needed; update the driver";
  } else if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    status.problem = "the NVIDIA driver (for CUDA " + status.driver +
                     ") shows no GPU; see what nvidia-smi lists and what CUDA_VISIBLE_DEVICES allows";
  } else if (error != cudaSuccess) {
    status.problem = std::string("asking the NVIDIA driver for GPUs failed: ") + cudaGetErrorString(error) + " (" +
                     cudaGetErrorName(error) + "); see whether nvidia-smi works";
  }
  cudaGetLastError();
  for (int k = 0; status.problem.empty() && k < count; k++) {
    cudaDeviceProp gpu;
    if (cudaGetDeviceProperties(&gpu, k) != cudaSuccess) continue;
    status.processors.push_back(
        {gpu.name, std::to_string(gpu.major) + "." + std::to_string(gpu.minor), int64_t(gpu.totalGlobalMem)});
    if (k == 0) status.problem = problem_of(gpu);
  }
  return status;
}

const DeviceStatus& device_status() {
  static const DeviceStatus status = find_out();
  return status;
}

}  // namespace torsor
