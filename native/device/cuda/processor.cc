// The GPU of a thread. CUDA itself remembers one for every thread, from cudaSetDevice on; a thread that has chosen none would work, unasked, on
// the first, and start it.
#include "device/processor.h"

#include "device/cuda/runtime.h"
#include "device/error.h"
#include "device/status.h"

namespace torsor {

static thread_local int current = -1;

int current_processor() {
  if (current < 0) throw Error("NATIVE", "no GPU was chosen on this thread");
  return current;
}

OnProcessor::OnProcessor(int number) : before_(current) {
  require_device(number);
  current = number;
  try {
    check(cudaSetDevice(number), "choosing the GPU");
  } catch (...) {
    current = before_;
    throw;
  }
}

OnProcessor::~OnProcessor() {
  if (before_ >= 0 && before_ != current) cudaSetDevice(before_);
  current = before_;
}

}  // namespace torsor
