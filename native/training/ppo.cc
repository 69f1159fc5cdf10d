// See ppo.h.
#include "training/ppo.h"

#include <algorithm>
#include <cmath>

#include "device/training.h"

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

PpoMetrics ppo_minibatch(Model& model, const GradientIO& given, int rows, const PpoUpdateConfig& config,
                         float* gradients) {
  Array<PpoUpdate> state(1);
  state[0] = {};
  Array<float> sums;
  GradientIO io = given;
  io.loss_rows = rows * (io.sequence.steps - io.sequence.burn_in);
  io.moments = &state[0].moments;
  if (config.normalization != Normalization::none)
    training_kernels().moments(io, rows, config.sample_deviation, &state[0].moments);
  model.gradient(io, rows, gradients, state[0].sums, sums);
  const PpoLimits limits{io.ppo.value_coefficient, io.ppo.entropy_coefficient, HUGE_VALF, 0};
  training_kernels().end_minibatch(gradients, model.parameter_count(), limits, state.data());
  return state[0].total;  // of one minibatch
}

// After the update: the policy that acted and the one that is trained see observations alike.
void PpoTrainer::learn_statistics(const Rollout& rollout) {
  if (statistics_.empty()) return;
  const float* observation = &rollout.observation[rollout.start() * model_.observation_size()];
  change([&](float* arena) { statistics_.update(observation, int(rollout.size()), arena, &state_[0]); });
}

PpoMetrics PpoTrainer::update(Rollout& rollout, const PpoUpdateConfig& config, const std::vector<float>& learning_rates,
                              const Noise& key) {
  allocate(rollout, config);
  statistics_.reserve(int(rollout.size()));
  const int64_t updates = optimizer.updates;
  state_[0] = {};
  if (config.desired_kl > 0) state_[0].gate.learning_rate = learning_rates[0];
  {
    const auto held = hold(calls_are_deferred);
    recording_.run([&] {
      optimizer.updates = updates;
      copy(parameters_.data(), model_.parameters(), parameters_.size());
      run(rollout, config, learning_rates, key);
      learn_statistics(rollout);
    });
  }
  if (calls_are_deferred)
    model_.change_parameters([&](float* parameters) { copy(parameters, parameters_.data(), model_.arena_size()); });
  const PpoUpdate& state = state_[0];
  PpoMetrics means = state.total;
  if (state.gate.overflowed) means.non_finite = NonFinite::step;
  optimizer.updates = updates + means.steps();
  stopped_minibatch = {};
  if (means.non_finite != NonFinite::none) keep_stopped(rollout, config, key);
  for (double* sum :
       {&means.loss, &means.policy_loss, &means.value_loss, &means.approx_kl, &means.clip_fraction, &means.grad_norm})
    *sum /= means.minibatches;
  means.entropy /= state.entropy_minibatches;
  const size_t last = learning_rates.size() > 1 ? size_t(means.minibatches - 1) : 0;
  means.learning_rate = config.desired_kl > 0 ? state.gate.learning_rate : learning_rates[last];
  return means;
}

void PpoTrainer::normalize_rollout(const Rollout& rollout, const PpoUpdateConfig& config) {
  if (config.normalization != Normalization::rollout) return;
  GradientIO all{};
  all.advantage = rollout.advantage.data() + rollout.start();
  training_kernels().moments(all, int(rollout.size()), config.sample_deviation, &state_[0].moments);
}

// Leaves the gradients, and in the state what the optimiser is to make of them.
void PpoTrainer::evaluate(GradientIO io, const Minibatch& m, const PpoUpdateConfig& config, const PpoLimits& limits) {
  PpoUpdate* const state = state_.data();
  io.loss_rows = m.segments * m.rows * (io.sequence.steps - io.sequence.burn_in);
  const auto take = [&](int first) {
    io.index = m.index + int64_t(first) * m.rows;
    io.sequence.carry_index = m.segment + first;
  };
  take(0);
  if (config.normalization == Normalization::minibatch)
    training_kernels().moments(io, m.segments * m.rows, config.sample_deviation, &state->moments);
  if (config.drawn_segments) {
    sampler.correct(m.segments, io);
    io.advantage = sampler.corrected.data();
    io.moments = &state->as_it_is;
  }
  const int parts = std::min(config.gradient_accumulation, m.segments);
  for (int part = 0; part < parts; part++) {
    const int first = int(int64_t(m.segments) * part / parts), end = int(int64_t(m.segments) * (part + 1) / parts);
    take(first);
    model_.gradient(io, (end - first) * m.rows, gradients_.data(), state->sums, sums_, part > 0);
  }
  training_kernels().end_minibatch(gradients_.data(), model_.parameter_count(), limits, state);
}

void PpoTrainer::step(float learning_rate) {
  const auto optimize = [&](float* parameters) {
    optimizer.step(parameters, gradients_.data(), learning_rate, &state_[0].gate);
  };
  if (accumulates())
    optimize(accumulated_.data());
  else
    change(optimize);
}

void PpoTrainer::make_changes() {
  if (accumulates()) change([&](float* parameters) { copy(parameters, accumulated_.data(), accumulated_.size()); });
}

// After a minibatch of drawn segments: their values and ratios are what it computed, and advantages follow.
void PpoTrainer::renew(Rollout& rollout, const PpoUpdateConfig& config) {
  copy(rollout.value.data(), new_value_.data(), rollout.value.size());
  rollout.advantages(config.advantage, ratio.data() + rollout.start());
  normalize_rollout(rollout, config);
}

void PpoTrainer::run(Rollout& rollout, const PpoUpdateConfig& config, const std::vector<float>& learning_rates,
                     const Noise& key) {
  if (config.drip_decay > 0) rollout.drip(config.drip_decay);
  if (config.advantage.running_scale) rollout.learn_scaling(config.advantage.gamma);
  rollout.advantages(config.advantage);
  rollout.explained_variance(&state_[0].total.explained_variance);
  normalize_rollout(rollout, config);
  keep_policy(rollout);
  if (accumulates()) {
    const auto held = hold(!calls_are_deferred);
    copy(accumulated_.data(), calls_are_deferred ? parameters_.data() : model_.parameters(), accumulated_.size());
  }
  if (config.drawn_segments) {
    training_kernels().fill(ratio.data(), ratio.size(), 1);
    copy(new_value_.data(), rollout.value.data(), rollout.value.size());
  }
  take_steps(rollout, config, learning_rates, key);
  if (stopped()) make_changes();  // those of the steps before; kernels that see the stop by themselves have come to it
}

void PpoTrainer::take_steps(Rollout& rollout, const PpoUpdateConfig& config, const std::vector<float>& learning_rates,
                            const Noise& key) {
  GradientIO io = arrays_of(rollout, config);
  for (int epoch = 0; epoch < config.epochs && !stopped(); epoch++) {
    if (!config.drawn_segments) shuffle(rollout, epoch, key);
    const PpoLimits limits{config.loss.value_coefficient, config.loss.entropy_coefficient, config.max_grad_norm, epoch,
                           config.desired_kl};
    for (int number = 0; number < config.minibatches; number++) {
      const Minibatch minibatch =
          config.drawn_segments ? draw(rollout, config, epoch, number, key) : part(rollout, number, config.minibatches);
      {
        const auto held = hold(!calls_are_deferred);
        evaluate(io, minibatch, config, limits);
      }
      io.entropy_rows = 0;  // the first minibatch has shown it
      if (stopped()) return;
      const size_t k = size_t(epoch) * size_t(config.minibatches) + size_t(number);
      const float rate = config.desired_kl > 0 ? 1 : learning_rates[learning_rates.size() > 1 ? k : 0];
      step(rate);
      if (stopped()) return;
      if ((k + 1) % size_t(config.update_accumulation) == 0) make_changes();
      if (config.drawn_segments) renew(rollout, config);
    }
    training_kernels().end_epoch(config.minibatches, config.target_kl, state_.data());
  }
}

}  // namespace torsor
