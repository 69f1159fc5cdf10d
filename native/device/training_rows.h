// What kernels of training do for one environment or segment, on every device.
#pragma once
#include "device/training.h"
#include "math/permutation.h"

namespace torsor::TORSOR_ISA {

// Carries the discounted return of environment e through a rollout. `sums`: over the returns of all steps, less their mean so far, and over the
// squares of these. A return starts anew after the end of an episode.
HD void discount_environment(const DiscountedReturns& d, const RewardScaling& scaling, int64_t e, double* sums) {
  double value = d.returns[e], sum = 0, squares = 0;
  for (int t = 0; t < d.steps; t++) {
    const int64_t at = int64_t(t) * d.environments + e;
    value = double(d.gamma) * value + d.reward[at];
    const double distance = value - scaling.returns.mean;
    sum += distance;
    squares += distance * distance;
    if (d.done[at]) value = 0;
  }
  d.returns[e] = finite_or_zero(value);
  sums[0] = sum;
  sums[1] = squares;
}

HD double priority_of_segment(const Priorities& p, int k) {
  const float* const advantage = p.advantage + first_row(k, p.length, p.environments);
  double sum = 0;
  for (int step = 0; step < p.length; step++) sum += absolute(double(advantage[int64_t(step) * p.environments]));
  return priority_of(sum, p.config);
}

}  // namespace torsor::TORSOR_ISA
