// One step of V-trace (Espeholt et al. 2018), backwards in time; GAE (Schulman et al. 2016) where the ratio is 1 and both clips are at least 1.
#pragma once
#include "number.h"

namespace torsor {

struct AdvantageConfig {
  float gamma, lambda, rho_clip, c_clip, reward_scale = 1;
  bool running_scale = false;  // rewards are scaled by running statistics instead, and clipped
};

// Scaled by running statistics, rewards beyond it are cut, as in Stable-Baselines3.
constexpr float reward_limit = 10;

}  // namespace torsor

namespace torsor::TORSOR_ISA {

template <class N> HD N scaled_reward(N reward, float running_factor) {
  const N scaled = reward * running_factor, limit = splat<N>(reward_limit);
  return choose(scaled > limit, limit, choose(scaled < -limit, N(-limit), scaled));
}

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
