// cuDNN, opened at run time: nothing is linked to it, and without it our own kernels run. TORSOR_CUDNN names its file.
#pragma once
#include <string>

#include "device/cuda/cudnn_api.h"
#include "device/status.h"

namespace torsor::cudnn {

// Its functions; throws DEVICE_UNAVAILABLE where lstm_library() has a problem.
const Functions& functions();

// Throws Error with cuDNN's own words.
void check(cudnnStatus_t, const char* what);

// A handle on the calling thread's stream, for nobody else until it is given back.
class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator cudnnHandle_t() const { return handle_; }

 private:
  cudnnHandle_t handle_;
};

}  // namespace torsor::cudnn
