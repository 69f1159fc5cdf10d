// The kernels of CUDA as the tables that program/ and training/ call.
#include "device/kernels.h"

#include "device/cuda/calls.h"

namespace torsor {

// Kernels take what they need from the pool, and weights as they lie in the arena.
static int64_t no_workspace(const Program&, const Sequence&) { return 0; }
static void no_packing(const Program&, const float*, float*, float*) {}

const Kernels& kernels() {
  static const Kernels table = {"cuda",        true,           no_workspace,    no_packing,
                                calls::act,    calls::forward, calls::evaluate, calls::gradient,
                                calls::collect};
  return table;
}

const TrainingKernels& training_kernels() {
  static const TrainingKernels table = {
      calls::end_step,      calls::advantage, calls::explained_variance, calls::shuffle,          calls::moments,
      calls::end_minibatch, calls::end_epoch, calls::sum_distances,      calls::merge_statistics, calls::discount,
      calls::merge_returns, calls::adam,      calls::momentum,           calls::normalize,        calls::transpose,
      calls::multiply,      calls::follow};
  return table;
}

}  // namespace torsor
