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
  using namespace calls;
  static const TrainingKernels table = {end_step,   advantage,      explained_variance,
                                        drip,       shuffle,        moments,
                                        priorities, total_priority, weights,
                                        waits,      draw,           places,
                                        correct,    fill,           end_minibatch,
                                        end_epoch,  sum_distances,  merge_statistics,
                                        discount,   merge_returns,  adam,
                                        momentum,   normalize,      transpose,
                                        multiply,   follow};
  return table;
}

}  // namespace torsor
