// See runtime.h.
#include "device/cuda/runtime.h"

#include <atomic>

#include "device/error.h"
#include "device/status.h"

namespace torsor {

// Errors of which CUDA's documentation says that the process has to be ended, and those of broken hardware.
static bool is_for_good(cudaError_t error) {
  switch (error) {
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown:
      return true;
    default:
      return false;
  }
}

static std::atomic<const Error*> lost{nullptr};  // never freed: what ended it is told until the process ends

void require_device() {
  if (const Error* const error = lost) throw *error;
}

static void lose(const std::string& why) {
  const auto& gpus = device_status().processors;
  const Error* first = nullptr;
  const Error* const error =
      new Error("DEVICE_LOST", "device 'cuda'" + (gpus.empty() ? "" : " (" + gpus[0].name + ")") + " was lost: " + why +
                                   ". CUDA does not work again in this process: dispose of what is on the device, "
                                   "start a new process and go on from "
                                   "the last checkpoint. If that fails too, see nvidia-smi and what the kernel logs of "
                                   "the GPU (dmesg, lines with Xid)");
  if (!lost.compare_exchange_strong(first, error)) delete error;
}

void check(cudaError_t error, const std::string& what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // or the next call would report it again
  const std::string why = what + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
  if (is_for_good(error)) lose(why);
  require_device();
  throw Error(error == cudaErrorMemoryAllocation ? "OUT_OF_MEMORY" : "NATIVE", why);
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
