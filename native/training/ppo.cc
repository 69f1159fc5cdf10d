// See ppo.h.
#include "training/ppo.h"

#include <cmath>

#include "device/kernels.h"
#include "device/launch.h"

namespace torsor {

PpoTrainer::PpoTrainer(Model& model, const OptimizerConfig& config, std::vector<Matrix> matrices)
    : optimizer(model.parameter_count(), config, std::move(matrices)),
      model_(model),
      gradients_(model.parameter_count()) {
  model.training(false);
}

// Mean, and 1 / (standard deviation + 1e-8), of the advantages of a minibatch.
static void advantage_moments(GradientIO& io, int rows, bool normalize) {
  io.ppo.advantage_mean = 0;
  io.ppo.advantage_scale = 1;
  if (!normalize) return;
  const Sequence& s = io.sequence;
  const auto sum = [&](auto term) {
    double total = 0;
    for (int step = s.burn_in; step < s.steps; step++)
      for (int k = 0; k < rows; k++)
        total += term(double(io.advantage[step * s.stride + (io.index ? io.index[k] : k)]));
    return total / (double(s.steps - s.burn_in) * rows);
  };
  const double mean = sum([](double x) { return x; });
  const double variance = sum([&](double x) { return (x - mean) * (x - mean); });
  io.ppo.advantage_mean = float(mean);
  io.ppo.advantage_scale = float(1 / (std::sqrt(variance) + 1e-8));
}

PpoMetrics ppo_minibatch(Model& model, GradientIO io, int rows, bool normalize_advantage, float* gradients) {
  advantage_moments(io, rows, normalize_advantage);
  io.loss_rows = rows * (io.sequence.steps - io.sequence.burn_in);
  double sums[metric_count];
  model.gradient(io, rows, gradients, sums);
  PpoMetrics m;
  m.policy_loss = sums[metric_policy];
  m.value_loss = sums[metric_value];
  m.entropy = sums[metric_entropy];
  m.approx_kl = sums[metric_kl];
  m.clip_fraction = sums[metric_clipped];
  m.loss = m.policy_loss + io.ppo.value_coefficient * m.value_loss - io.ppo.entropy_coefficient * m.entropy;
  m.grad_norm = std::sqrt(kernels().sum_of_squares(gradients, model.parameter_count()));
  m.non_finite = !std::isfinite(m.loss) || !std::isfinite(m.grad_norm);
  return m;
}

PpoMetrics PpoTrainer::update(Rollout& rollout, const PpoUpdateConfig& config, float learning_rate, const Noise& key) {
  // What is shuffled: segments, which are single steps unless the model is recurrent.
  const int64_t environments = rollout.environments(), length = rollout.segment(), segments = rollout.size() / length;
  if (index_.size() < segments) {
    index_ = Array<int32_t>(segments);
    segment_ = Array<int32_t>(segments);
  }
  rollout.advantages(config.advantage);

  GradientIO io{};
  io.observation = rollout.observation.data();
  io.latent = rollout.latent.data();
  io.mask = rollout.masked ? rollout.mask.data() : nullptr;
  io.old_log_prob = rollout.log_prob.data();
  io.advantage = rollout.advantage.data();
  io.target = rollout.target.data();
  io.old_value = rollout.value.data();
  io.exact_entropy = config.loss.entropy_coefficient != 0;  // as a mere metric, the entropy of the base is enough
  io.ppo = config.loss;
  io.sequence.steps = rollout.burn_in() + int(length);
  io.sequence.burn_in = rollout.burn_in();
  io.sequence.stride = environments;
  io.sequence.done = rollout.done.data();
  io.sequence.carry = model_.carry_width() ? rollout.carries.data() : nullptr;
  io.sequence.segment = config.checkpoint_steps;

  PpoMetrics total;
  total.explained_variance = rollout.explained_variance();
  int updates = 0;
  for (int epoch = 0; epoch < config.epochs; epoch++) {
    const int block = rows_of_call(int(segments), 4096);
    parallel(int((segments + block - 1) / block), [&](int k) {
      const int64_t first = int64_t(k) * block;
      const int count = int(segments - first < block ? segments - first : block);
      kernels().permute(uint32_t(segments), key.seed, key.stream, uint32_t(key.counter) + epoch, uint32_t(first), count,
                        segment_.data() + first);
      for (int64_t at = first; at < first + count; at++)
        index_[at] = int32_t(segment_[at] / environments * length * environments + segment_[at] % environments);
    });
    double epoch_kl = 0;
    for (int minibatch = 0; minibatch < config.minibatches; minibatch++) {
      const int64_t first = segments * minibatch / config.minibatches,
                    end = segments * (minibatch + 1) / config.minibatches;
      io.index = index_.data() + first;
      io.sequence.carry_index = segment_.data() + first;
      PpoMetrics m;
      {
        const auto held = model_.hold();
        m = ppo_minibatch(model_, io, int(end - first), config.normalize_advantage, gradients_.data());
      }
      total.non_finite = m.non_finite;
      if (!m.non_finite) {
        if (m.grad_norm > config.max_grad_norm)
          kernels().scale(gradients_.data(), gradients_.size(), float(config.max_grad_norm / m.grad_norm));
        model_.change_parameters(
            [&](float* parameters) { optimizer.step(parameters, gradients_.data(), learning_rate); });
      }
      total.loss += m.loss;
      total.policy_loss += m.policy_loss;
      total.value_loss += m.value_loss;
      total.entropy += m.entropy;
      total.approx_kl += m.approx_kl;
      total.clip_fraction += m.clip_fraction;
      total.grad_norm += m.grad_norm;
      epoch_kl += m.approx_kl;
      updates++;
      if (m.non_finite) break;
    }
    total.epochs = epoch + 1;
    if (total.non_finite || (config.target_kl > 0 && epoch_kl / config.minibatches > config.target_kl)) break;
  }
  for (double* sum : {&total.loss, &total.policy_loss, &total.value_loss, &total.entropy, &total.approx_kl,
                      &total.clip_fraction, &total.grad_norm})
    *sum /= updates;
  return total;
}

}  // namespace torsor
