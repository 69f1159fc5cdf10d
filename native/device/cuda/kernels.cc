// The kernels of CUDA as the table that program/ and training/ call.
#include "device/kernels.h"

#include "device/cuda/calls.h"

namespace torsor {

// Kernels take what they need from the pool, and weights as they lie in the arena.
static int64_t no_workspace(const Program&, const Sequence&) { return 0; }
static void no_packing(const Program&, const float*, float*, float*) {}

const Kernels& kernels() {
  static const Kernels table = {"cuda",          true,
                                no_workspace,    no_packing,
                                calls::act,      calls::forward,
                                calls::evaluate, calls::gradient,
                                calls::collect,  calls::advantage,
                                calls::adam,     calls::sum_of_squares,
                                calls::scale,    calls::multiply,
                                calls::permute};
  return table;
}

}  // namespace torsor
