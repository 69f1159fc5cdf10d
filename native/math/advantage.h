// One step of V-trace (Espeholt et al. 2018), backwards in time; GAE (Schulman et al. 2016) where the ratio is 1 and both clips are at least 1.
#pragma once
#include "number.h"

namespace torsor {

struct AdvantageConfig {
  float gamma, lambda, rho_clip, c_clip, reward_scale = 1;
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// `next_value` is the value after the step: 0 where it terminated, that of the true final observation where it was truncated.
// `continues` is 0 where the episode ended either way, otherwise 1. `advantage` holds A of the following step and receives A of this one.
template <class N>
HD void advantage_step(N reward, N value, N next_value, N ratio, N continues, const AdvantageConfig& c, N& advantage) {
  using S = Scalar<N>;
  const N rho = at_most<N>(S(c.rho_clip), ratio), trace = at_most<N>(S(c.c_clip), ratio);
  // In this order the product that is rounded on its own (the other goes into a multiply-add) is the one that mostly is exact.
  const N delta = rho * (S(c.gamma) * next_value + S(c.reward_scale) * reward - value);
  advantage = delta + S(c.gamma) * S(c.lambda) * continues * trace * advantage;
}

}  // namespace torsor::TORSOR_ISA
