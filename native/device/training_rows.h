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

// The advantage of step k % length of segment k / length of those drawn.
HD void correct_step(const Drawn& d, int64_t k) {
  const int32_t drawn = int32_t(k / d.length), segment = d.segment[drawn];
  const int64_t at = first_row(segment, d.length, d.environments) + (d.burn_in + k % d.length) * d.environments;
  d.corrected[at] = corrected_advantage(d.advantage[at], d.moments->mean, d.moments->scale, d.weight[segment]);
  if (!d.gate || d.gate->stopped || d.gate->overflowed) return;
  if (k % d.length == 0) {
    d.kept.segment[drawn] = segment;
    d.kept.weight[drawn] = d.weight[segment];
  }
  d.kept.advantage[k] = d.corrected[at];
  d.kept.target[k] = d.target[at];
  d.kept.value[k] = d.value[at];
}

}  // namespace torsor::TORSOR_ISA
