// See ppo.h.
#include "training/ppo.h"

#include <algorithm>
#include <cmath>

#include "device/kernels.h"
#include "device/launch.h"

namespace torsor {

PpoTrainer::PpoTrainer(Model& model, const OptimizerConfig& config, std::vector<Matrix> matrices)
    : optimizer(model.parameter_count(), config, std::move(matrices)),
      model_(model),
      gradients_(model.parameter_count()),
      state_(1),
      statistics_(model) {
  if (calls_are_deferred) parameters_ = Array<float>(model.parameters_size());
  model.training(false);
}

// Leaves the gradients, and in `state` what the optimiser is to make of them.
static void evaluate_minibatch(Model& model, GradientIO io, int rows, bool normalize_advantage, const PpoLimits& limits,
                               float* gradients, Array<float>& sums, PpoUpdate* state) {
  io.loss_rows = rows * (io.sequence.steps - io.sequence.burn_in);
  io.moments = &state->moments;
  io.gate = &state->gate;
  if (normalize_advantage) training_kernels().moments(io, rows, &state->moments);
  model.gradient(io, rows, gradients, state->sums, sums);
  training_kernels().end_minibatch(gradients, model.parameter_count(), limits, state);
}

PpoMetrics ppo_minibatch(Model& model, const GradientIO& io, int rows, bool normalize_advantage, float* gradients) {
  Array<PpoUpdate> state(1);
  state[0] = {};
  Array<float> sums;
  const PpoLimits limits{io.ppo.value_coefficient, io.ppo.entropy_coefficient, HUGE_VALF, 0};
  evaluate_minibatch(model, io, rows, normalize_advantage, limits, gradients, sums, state.data());
  return state[0].total;  // of one minibatch
}

void PpoTrainer::shuffle(const Rollout& rollout, int epoch, const Noise& key) {
  const int segments = int(rollout.size() / rollout.segment()), block = rows_of_call(segments, 4096);
  const Shuffle order{
      uint32_t(segments),     key.seed,        key.stream,   uint32_t(key.counter) + uint32_t(epoch), rollout.segment(),
      rollout.environments(), segment_.data(), index_.data()};
  parallel((segments + block - 1) / block, [&](int k) {
    const int first = k * block;
    training_kernels().shuffle(order, first, std::min(block, segments - first));
  });
}

void PpoTrainer::step(float learning_rate) {
  change([&](float* parameters) { optimizer.step(parameters, gradients_.data(), learning_rate, &state_[0].gate); });
}

// After the update: the policy that acted and the one that is trained see observations alike.
void PpoTrainer::learn_statistics(const Rollout& rollout) {
  if (statistics_.empty()) return;
  const float* observation = &rollout.observation[rollout.start() * model_.observation_size()];
  change([&](float* arena) { statistics_.update(observation, int(rollout.size()), arena, &state_[0]); });
}

PpoMetrics PpoTrainer::update(Rollout& rollout, const PpoUpdateConfig& config, float learning_rate, const Noise& key) {
  // What is shuffled: segments, which are single steps unless the model is recurrent.
  const int64_t segments = rollout.size() / rollout.segment();
  if (index_.size() < segments) {
    index_ = Array<int32_t>(segments);
    segment_ = Array<int32_t>(segments);
  }
  statistics_.reserve(int(rollout.size()));
  const int64_t updates = optimizer.updates;
  state_[0] = {};
  {
    const auto held = hold(calls_are_deferred);
    recording_.run([&] {
      optimizer.updates = updates;
      copy(parameters_.data(), model_.parameters(), parameters_.size());
      run(rollout, config, learning_rate, key);
      learn_statistics(rollout);
    });
  }
  if (calls_are_deferred)
    model_.change_parameters([&](float* parameters) { copy(parameters, parameters_.data(), model_.arena_size()); });
  const PpoUpdate& state = state_[0];
  optimizer.updates = updates + state.minibatches - state.total.non_finite;
  PpoMetrics means = state.total;
  for (double* sum : {&means.loss, &means.policy_loss, &means.value_loss, &means.entropy, &means.approx_kl,
                      &means.clip_fraction, &means.grad_norm})
    *sum /= state.minibatches;
  return means;
}

// Where calls are deferred, kernels see by themselves when to stop.
void PpoTrainer::run(Rollout& rollout, const PpoUpdateConfig& config, float learning_rate, const Noise& key) {
  rollout.advantages(config.advantage);
  rollout.explained_variance(&state_[0].total.explained_variance);

  GradientIO io{};
  io.parameters = parameters_.data();
  io.observation = rollout.observation.data();
  io.latent = rollout.latent.data();
  io.mask = rollout.masked ? rollout.mask.data() : nullptr;
  io.old_log_prob = rollout.log_prob.data();
  io.advantage = rollout.advantage.data();
  io.target = rollout.target.data();
  io.old_value = rollout.value.data();
  io.exact_entropy = config.loss.entropy_coefficient != 0;  // as a mere metric, the entropy of the base is enough
  io.ppo = config.loss;
  io.sequence.steps = rollout.burn_in() + rollout.segment();
  io.sequence.burn_in = rollout.burn_in();
  io.sequence.stride = rollout.environments();
  io.sequence.done = rollout.done.data();
  io.sequence.carry = model_.carry_width() ? rollout.carries.data() : nullptr;
  io.sequence.segment = config.checkpoint_steps;

  const int64_t segments = rollout.size() / rollout.segment();
  const auto stopped = [&] { return !calls_are_deferred && state_[0].gate.stopped; };
  for (int epoch = 0; epoch < config.epochs && !stopped(); epoch++) {
    shuffle(rollout, epoch, key);
    const PpoLimits limits{config.loss.value_coefficient, config.loss.entropy_coefficient, config.max_grad_norm, epoch};
    for (int minibatch = 0; minibatch < config.minibatches; minibatch++) {
      const int64_t first = segments * minibatch / config.minibatches,
                    end = segments * (minibatch + 1) / config.minibatches;
      io.index = index_.data() + first;
      io.sequence.carry_index = segment_.data() + first;
      {
        const auto held = hold(!calls_are_deferred);
        evaluate_minibatch(model_, io, int(end - first), config.normalize_advantage, limits, gradients_.data(), sums_,
                           state_.data());
      }
      if (stopped()) return;
      step(learning_rate);
    }
    training_kernels().end_epoch(config.minibatches, config.target_kl, state_.data());
  }
}

}  // namespace torsor
