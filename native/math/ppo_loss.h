// One sample of the PPO loss (Schulman et al. 2017) with clipped value loss, and its gradient at the heads.
#pragma once
#include "fast.h"

namespace torsor {

// The same for every sample of a minibatch. An infinite clip_value gives the plain squared error.
struct PpoConfig {
  float clip_ratio, clip_value, value_coefficient, entropy_coefficient;
};

// The normalised advantage is (advantage - mean) scale.
struct AdvantageMoments {
  float mean = 0, scale = 1;
};

// What is summed over the rows of a minibatch, and divided by their number; the entropy over the share of them whose entropy is known.
enum Metric {
  metric_policy,
  metric_value,
  metric_entropy,
  metric_kl,
  metric_clipped,
  metric_entropy_share,
  metric_count
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

template <class N> struct PpoSample {
  N old_log_prob, advantage, target, old_value;
};

template <class N> struct PpoLoss {
  N policy, value;        // the two terms, before coefficients
  N d_log_prob, d_value;  // gradients of policy + value_coefficient value
  N ratio;                // probability of the action over that under the policy that took it
  N approx_kl, clipped;   // (log ratio)^2 / 2, an estimate of KL(old, new); 1 where the ratio left the clip range
};

template <class N>
HD PpoLoss<N> ppo_loss(N log_prob, N value, const PpoSample<N>& s, const AdvantageMoments& m, const PpoConfig& c) {
  using S = Scalar<N>;
  const N zero = splat<N>(0), one = splat<N>(1);
  const N advantage = (s.advantage - S(m.mean)) * S(m.scale);
  const N log_ratio = log_prob - s.old_log_prob;
  const N ratio = exp_of(log_ratio);
  const S low = 1 - S(c.clip_ratio), high = 1 + S(c.clip_ratio);
  const N plain = -advantage * ratio, clipped = -advantage * at_most<N>(high, at_least<N>(low, ratio));
  // The larger loss counts. Where the clip is active and counts, it is constant: no gradient.
  const auto inside = (ratio >= low) & (ratio <= high);
  const auto policy_moves = (plain >= clipped) | inside;

  const S reach = S(c.clip_value);
  const N move = value - s.old_value;
  const N error = value - s.target,
          clipped_error = s.old_value + at_most<N>(reach, at_least<N>(-reach, move)) - s.target;
  const auto plain_counts = error * error >= clipped_error * clipped_error;
  const auto value_moves = plain_counts | ((move >= -reach) & (move <= reach));
  const N counted = choose(plain_counts, error, clipped_error);

  return {choose(plain >= clipped, plain, clipped),
          S(0.5) * counted * counted,
          choose(policy_moves, plain, zero),
          choose(value_moves, N(S(c.value_coefficient) * counted), zero),
          ratio,
          S(0.5) * log_ratio * log_ratio,
          choose(inside, zero, one)};
}

}  // namespace torsor::TORSOR_ISA
