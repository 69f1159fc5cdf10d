// One tile of a minibatch on CUDA: its gradients and the sums of its loss terms go to the accumulators of its block.
#pragma once
#include "program/run.h"

namespace torsor::TORSOR_ISA {

template <int Rows>
__device__ __forceinline__ void gradient_of_tile(const Tile<Rows>& t, const Program& p, const GradientIO& io,
                                                 const Memory& m) {
  float* sums = t.column(p.sums);
  t.each(metric_count, [&](int k) { sums[k] = 0; });
  run_gradient(t, p, io, m);
  for (int k = 0; k < metric_count; k++) t.add_sum(p.sums + k, m.accumulators + p.accumulators - metric_count + k);
}

}  // namespace torsor::TORSOR_ISA
