// Whether CUDA runs here, found out without a driver being needed: the runtime is linked statically and opens it by itself.
#include "device/status.h"

#include <cuda_runtime.h>

#include "device/cuda/calls.h"
#include "device/cuda/runtime.h"
#include "device/error.h"
#include "device/processor.h"

namespace torsor {

const char* const device_name = "cuda";

// Compute capability that the oldest kernels are compiled for, and what the memory of our buffers needs (see buffer.cc).
constexpr int oldest_architecture = 8;

static std::string version(int number) {  // 13000 is 13.0
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

static std::string no_code_for(const Processor& gpu) {
  return gpu.name + " has compute capability " + gpu.compute_capability + ", for which this build has no code (" +
         std::to_string(oldest_architecture) +
         ".0 or newer is needed); compile torsor with TORSOR_CUDA_ARCHS for it, or choose another GPU";
}

static Processor processor_of(const cudaDeviceProp& gpu) {
  Processor p{gpu.name, std::to_string(gpu.major) + "." + std::to_string(gpu.minor), int64_t(gpu.totalGlobalMem), ""};
  if (gpu.major < oldest_architecture)
    p.problem = no_code_for(p);
  else if (!gpu.concurrentManagedAccess)
    p.problem =
        p.name +
        " does not share managed memory with running kernels here (as under WSL 2 and on some virtual GPUs), which "
        "torsor needs; run it on Linux with the GPU itself";
  return p;
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
    if (cudaGetDeviceProperties(&gpu, k) == cudaSuccess)
      status.processors.push_back(processor_of(gpu));
    else  // its number stays its own
      status.processors.push_back(
          {"a GPU", "", 0, "the NVIDIA driver does not tell what it is; see whether nvidia-smi works"});
  }
  cudaGetLastError();
  return status;
}

const DeviceStatus& device_status() {
  static const DeviceStatus status = find_out();
  return status;
}

std::string start_processor(int number) {
  const DeviceStatus& status = device_status();
  if (!status.problem.empty()) return status.problem;
  const Processor& gpu = status.processors[size_t(number)];
  if (!gpu.problem.empty()) return gpu.problem;
  try {
    const OnProcessor on(number);
    const cudaError_t error = calls::loadable();
    if (error == cudaErrorNoKernelImageForDevice) {
      cudaGetLastError();
      return no_code_for(gpu);
    }
    check(error, "loading kernels");
  } catch (const Error& error) { return gpu.name + " does not start: " + error.what(); }
  return "";
}

}  // namespace torsor
