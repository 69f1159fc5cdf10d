// cuDNN, opened at run time: nothing is linked to it, and without it our own kernels run. TORSOR_CUDNN names its file.
#pragma once
#include <memory>
#include <string>

#include "device/cuda/cudnn_api.h"
#include "device/cuda/event.h"
#include "device/status.h"

namespace torsor::cudnn {

// Its functions; throws DEVICE_UNAVAILABLE where lstm_library() has a problem.
const Functions& functions();

// Throws Error with cuDNN's own words.
void check(cudnnStatus_t, const char* what);

// A handle of one GPU, and when its last user is done.
struct PooledHandle {
  cudnnHandle_t handle = nullptr;
  Event done;
};

// A handle on the calling thread's stream of the current GPU, for nobody else until it is given back.
class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator cudnnHandle_t() const { return pooled_->handle; }

 private:
  std::unique_ptr<PooledHandle> pooled_;
};

}  // namespace torsor::cudnn
