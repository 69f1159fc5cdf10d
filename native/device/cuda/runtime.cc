// See runtime.h.
#include "device/cuda/runtime.h"

#include <atomic>
#include <mutex>

#include "device/cuda/per_gpu.h"
#include "device/error.h"

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

// What ended a GPU, told until the process ends; null: nothing has.
struct Loss {
  explicit Loss(int) {}
  std::atomic<const Error*> error{nullptr};
};
static PerGpu<Loss>& losses() {
  static PerGpu<Loss> all;
  return all;
}

void require_device(int processor) {
  if (const Error* const error = losses().of(processor).error) throw *error;
}

static void lose(int gpu, const std::string& why) {
  const Error* first = nullptr;
  const Error* const error = new Error(
      "DEVICE_LOST", "device 'cuda:" + std::to_string(gpu) + "' (" + device_status().processors[size_t(gpu)].name +
                         ") was lost: " + why +
                         ". It does not work again in this process: dispose of what is on the device, start a new "
                         "process and go on from the last checkpoint. If that fails too, see nvidia-smi and what the "
                         "kernel logs of the GPU (dmesg, lines with Xid)");
  if (!losses().of(gpu).error.compare_exchange_strong(first, error)) delete error;
}

void check(cudaError_t error, const std::string& what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // or the next call would report it again
  const std::string why = what + ": " + cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")";
  const int gpu = current_processor();
  if (is_for_good(error)) lose(gpu, why);
  require_device(gpu);
  throw Error(error == cudaErrorMemoryAllocation ? "OUT_OF_MEMORY" : "NATIVE", why);
}

static int attribute(cudaDeviceAttr which) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, current_processor()), "reading the limits of the GPU");
  return value;
}

struct KnownGpu {
  explicit KnownGpu(int) {}
  std::once_flag asked;
  Gpu gpu;
};

const Gpu& gpu() {
  static PerGpu<KnownGpu> all;
  KnownGpu& known = all.current();
  std::call_once(known.asked, [&] {
    known.gpu = {attribute(cudaDevAttrMultiProcessorCount), attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)};
  });
  return known.gpu;
}

bool captures() {
  cudaStreamCaptureStatus status;
  check(cudaStreamIsCapturing(cudaStreamPerThread, &status), "asking for a capture");
  return status != cudaStreamCaptureStatusNone;
}

void synchronise(const char* what) { check(cudaStreamSynchronize(cudaStreamPerThread), what); }

}  // namespace torsor
