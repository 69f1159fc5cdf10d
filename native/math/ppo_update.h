// Where an update of PPO stands. It lies where the kernels run, so that whether to go on is decided there, without a copy in between.
#pragma once
#include "adam.h"
#include "ppo_loss.h"

namespace torsor {

// What was not finite. Loss and gradient are looked at before a step of the optimiser, which then is not taken.
enum class NonFinite { none, loss, gradient, step };

// Means over the minibatches of an update.
struct PpoMetrics {
  double loss = 0, policy_loss = 0, value_loss = 0, entropy = 0, approx_kl = 0, clip_fraction = 0,
         explained_variance = 0, grad_norm = 0;
  double learning_rate = 0;  // of the last step of the optimiser
  int epochs = 0;
  NonFinite non_finite = NonFinite::none;  // what stopped the update
  int minibatches = 0;                     // with the one that stopped it

  // Of the optimiser, with one that left out elements.
  int steps() const { return minibatches - (non_finite == NonFinite::loss || non_finite == NonFinite::gradient); }
};

struct PpoUpdate {
  AdvantageMoments moments;     // of the minibatch under way, or of the rollout
  AdvantageMoments as_it_is;    // for advantages that are normalised already
  double sums[metric_count];    // its loss terms
  UpdateGate gate;              // what the optimiser makes of its gradients
  PpoMetrics total;             // sums over the minibatches so far
  int entropy_minibatches = 0;  // where it is known of a row
  double epoch_kl = 0;          // sum over the minibatches of the epoch
};

struct PpoLimits {
  float value_coefficient, entropy_coefficient, max_grad_norm;
  int epoch;
  float desired_kl = 0;  // what the learning rate follows; 0: it is as given
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// What sums of squares about a mean are divided by: `sample` is Bessel's correction, as torch's std has it and jax's has not.
HD double degrees_of_freedom(double count, bool sample) { return sample && count > 1 ? count - 1 : count; }

HD AdvantageMoments moments_of(double mean, double variance) {
  return {float(mean), float(1 / (square_root(variance) + 1e-8))};
}

HD bool finite(double x) { return x - x == 0; }

HD bool is_not_finite(const PpoUpdate& u) { return u.total.non_finite != NonFinite::none || u.gate.overflowed; }

// The rule of rsl_rl for a minibatch whose policy is `kl` away from that of the rollout. The rate grows where that is 0 too, as in the first minibatch:
// rsl_rl's is never 0, since it adds 1e-5 for every dimension, and ours would be 0 or not as rounding has it.
HD float adapted_rate(float rate, double kl, float desired) {
  const float least = 1e-5f, most = 1e-2f, factor = 1.5f;
  if (kl > 2.0 * desired) return rate / factor > least ? rate / factor : least;
  if (kl < 0.5 * desired) return rate * factor < most ? rate * factor : most;
  return rate;
}

// After the gradients of a minibatch, whose squares add up to `squares`, and before the step of the optimiser.
HD void end_of_minibatch(PpoUpdate& u, double squares, const PpoLimits& c) {
  if (u.gate.overflowed) u.gate.stopped = true;  // in the step before
  if (u.gate.stopped) return;
  const double* sum = u.sums;
  // A metric that is not part of the loss cannot make it infinite.
  const double bonus = c.entropy_coefficient == 0 ? 0 : c.entropy_coefficient * sum[metric_entropy],
               loss = sum[metric_policy] + c.value_coefficient * sum[metric_value] - bonus, norm = square_root(squares);
  u.total.non_finite = !finite(loss) ? NonFinite::loss : !finite(norm) ? NonFinite::gradient : NonFinite::none;
  u.gate.stopped = u.total.non_finite != NonFinite::none;
  if (c.desired_kl > 0) u.gate.learning_rate = adapted_rate(u.gate.learning_rate, sum[metric_kl], c.desired_kl);
  u.gate.gradient_scale = norm > c.max_grad_norm ? float(c.max_grad_norm / norm) : 1;
  u.total.loss += loss;
  u.total.policy_loss += sum[metric_policy];
  u.total.value_loss += sum[metric_value];
  if (sum[metric_entropy_share] > 0) {
    u.total.entropy += sum[metric_entropy] / sum[metric_entropy_share];
    u.entropy_minibatches++;
  }
  u.total.approx_kl += sum[metric_kl];
  u.total.clip_fraction += sum[metric_clipped];
  u.total.grad_norm += norm;
  u.total.epochs = c.epoch + 1;
  u.epoch_kl += sum[metric_kl];
  u.total.minibatches++;
}

// After the last step of an epoch. A target of 0 stops nothing.
HD void end_of_epoch(PpoUpdate& u, int minibatches, float target_kl) {
  if (target_kl > 0 && u.epoch_kl / minibatches > target_kl) u.gate.stopped = true;
  u.epoch_kl = 0;
}

}  // namespace torsor::TORSOR_ISA
