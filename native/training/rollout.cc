// See rollout.h.
#include "training/rollout.h"

#include <cstring>

#include "device/kernels.h"

namespace torsor {

constexpr int block_rows = tile_rows;  // environments that are stepped together, independent of the number of threads

Rollout::Rollout(Model& model, int horizon, int environments, int segment, int burn_in)
    : model_(model), horizon_(horizon), environments_(environments), segment_(segment), burn_in_(burn_in) {
  const int64_t n = size() + start(), width = model.carry_width();
  observation = Array<float>(n * model.observation_size());
  latent = Array<float>(n * model.head().latent_width);
  for (Array<float>* column : {&log_prob, &value, &reward, &final_value, &advantage, &target})
    *column = Array<float>(n);
  for (Array<uint8_t>* column : {&terminated, &truncated, &done}) *column = Array<uint8_t>(n);
  last_value = Array<float>(environments);
  carry = Array<float>(environments * width);
  next_carry_ = Array<float>(burn_in ? environments * width : 0);
  carries = Array<float>(horizon / segment * environments * width);
  scaling = Array<RewardScaling>(1);
  scaling[0] = scalar::scaling_of({0, 0, 1});
  returns = Array<double>(environments);
  return_sums_ = Array<double>(2 * environments);
  reset();
}

// The burn-in of the very first rollout sees nothing, and clears what it made of that: the carry starts at zero.
void Rollout::reset() {
  std::memset(carry.data(), 0, sizeof(float) * carry.size());
  std::memset(returns.data(), 0, sizeof(double) * returns.size());
  std::memset(next_carry_.data(), 0, sizeof(float) * next_carry_.size());
  const int64_t row = size();  // `begin` moves the last rows to the front
  std::memset(observation.data() + row * model_.observation_size(), 0,
              sizeof(float) * start() * model_.observation_size());
  std::memset(done.data() + row, 1, size_t(start()));
}

void Rollout::read_burn_in(float* observation_, uint8_t* done_, float* carry_) const {
  const int64_t row = size(), width = model_.observation_size();
  std::memcpy(observation_, observation.data() + row * width, sizeof(float) * start() * width);
  std::memcpy(done_, done.data() + row, size_t(start()));
  std::memcpy(carry_, next_carry_.data(), sizeof(float) * next_carry_.size());
}

void Rollout::write_burn_in(const float* observation_, const uint8_t* done_, const float* carry_) {
  const int64_t row = size(), width = model_.observation_size();
  std::memcpy(observation.data() + row * width, observation_, sizeof(float) * start() * width);
  std::memcpy(done.data() + row, done_, size_t(start()));
  std::memcpy(next_carry_.data(), carry_, sizeof(float) * next_carry_.size());
}

// The last rows of the rollout before become the burn-in of this one.
void Rollout::begin(int first, int rows) {
  const auto move = [&](auto& column, int64_t width) {
    if (!column.size()) return;
    for (int64_t to = first; to < start(); to += environments_)
      copy(&column[to * width], &column[(size() + to) * width], rows * width);
  };
  move(observation, model_.observation_size());
  move(latent, model_.head().latent_width);
  move(done, 1);
  move(mask, model_.head().n);
}

void Rollout::keep_carry(int t, int first, int rows) {
  const int64_t width = model_.carry_width(), at = first * width, count = rows * width;
  if (burn_in_ && t == 0) copy(carries.data() + at, next_carry_.data() + at, count);
  if (burn_in_ && t == horizon_ - burn_in_) copy(next_carry_.data() + at, carry.data() + at, count);
  const int row = t + burn_in_;
  if (row % segment_ == 0 && row / segment_ < horizon_ / segment_)
    copy(carries.data() + row / segment_ * environments_ * width + at, carry.data() + at, count);
}

void Rollout::act(int t, const float* current, const uint8_t* allowed, float* action, int32_t* choice,
                  const Noise& noise, int first, int rows) {
  const int64_t row = start() + int64_t(t) * environments_;
  const int width = model_.observation_size(), categories = model_.head().n;
  if (t == 0) masked = allowed != nullptr;
  if (allowed && !mask.size()) {
    mask = Array<uint8_t>((size() + start()) * categories);
    std::memset(mask.data(), 1, size_t(mask.size()));
  }
  run_together([&] {
    const auto take = [&](auto& column, const auto* from, int64_t each) {
      copy(&column[(row + first) * each], from + first * each, rows * each);
    };
    if (t == 0) begin(first, rows);
    take(observation, current, width);
    if (allowed) take(mask, allowed, categories);
    keep_carry(t, first, rows);
    StepIO io{};
    io.observation = &observation[row * width];
    io.mask = allowed ? &mask[row * categories] : nullptr;
    io.action = action;
    io.choice = choice;
    io.latent = &latent[row * model_.head().latent_width];
    io.log_prob = &log_prob[row];
    io.value = &value[row];
    io.noise = noise;
    io.carry = carry.data();
    model_.act(io, first, rows);
  });
}

void Rollout::record(int t, const float* reward_, const uint8_t* terminated_, const uint8_t* truncated_,
                     const float* final_observation, int first, int rows) {
  const int64_t row = start() + int64_t(t) * environments_ + first;
  const auto held = model_.hold();
  run_together([&] {
    copy(&reward[row], reward_ + first, rows);
    copy(&terminated[row], terminated_ + first, rows);
    copy(&truncated[row], truncated_ + first, rows);
    end_step(t, first, rows, final_observation);
  });
}

// `final_observation` has a row for every environment; it is valued where the episode was truncated, with the carry it ended with. Then the
// carry of finished episodes is cleared.
void Rollout::end_step(int t, int first, int rows, const float* final_observation) {
  const int64_t row = start() + int64_t(t) * environments_;
  value_of(final_observation, &final_value[row], &truncated[row], first, rows);
  training_kernels().end_step({&terminated[row], &truncated[row], &done[row], carry.data(), model_.carry_width()},
                              first, rows);
}

void Rollout::value_of(const float* current, float* to, const uint8_t* wanted, int first, int rows) {
  ForwardIO io{};
  io.observation = current;
  io.bootstrap_value = to;
  io.wanted = wanted;
  io.sequence.carry = carry.data();
  model_.forward_part(io, first, rows);
}

void Rollout::finish(const float* current) {
  const auto held = model_.hold();
  value_of(current, last_value.data(), nullptr, 0, environments_);
}

EpisodeSums Rollout::collect(VectorEnvironment& environment, Noise noise) {
  if (!last_observation_.size()) {
    const int64_t n = environments_;
    last_observation_ = Array<float>(n * model_.observation_size());
    final_observation_ = Array<float>(n * model_.observation_size());
    action_ = Array<float>(model_.discrete() ? 0 : n * model_.head().n);
    choice_ = Array<int32_t>(model_.discrete() ? n * model_.head().latent_width : 0);
  }
  masked = false;
  const auto held = model_.hold();
  recording_.run([&] {
    each_call(environments_, block_rows, [&](int first, int rows) { collect_block(environment, noise, first, rows); });
    environment.take_episodes();
  });
  return environment.episodes();
}

void Rollout::collect_block(VectorEnvironment& environment, Noise noise, int first, int rows) {
  const int64_t width = model_.observation_size(), latent_width = model_.head().latent_width;
  float* const action = model_.discrete() ? nullptr : action_.data();
  int32_t* const choice = model_.discrete() ? choice_.data() : nullptr;
  begin(first, rows);
  environment.observe(first, rows, &observation[start() * width]);
  for (int t = 0; t < horizon_; t++, noise.counter++) {
    const int64_t row = start() + int64_t(t) * environments_;
    keep_carry(t, first, rows);
    StepIO io{};
    io.observation = &observation[row * width];
    io.action = action;
    io.choice = choice;
    io.latent = &latent[row * latent_width];
    io.log_prob = &log_prob[row];
    io.value = &value[row];
    io.noise = noise;
    io.carry = carry.data();
    model_.act_part(io, first, rows);
    float* const next = t + 1 < horizon_ ? &observation[(row + environments_) * width] : last_observation_.data();
    environment.step(
        first, rows,
        {action, choice, next, &reward[row], &terminated[row], &truncated[row], final_observation_.data(), true});
    end_step(t, first, rows, final_observation_.data());
  }
  value_of(last_observation_.data(), last_value.data(), nullptr, first, rows);
}

void Rollout::advantages(const AdvantageConfig& config, const float* ratio) {
  const int64_t row = start();
  const AdvantageIO io{&reward[row],      &value[row],       ratio,          &terminated[row], &truncated[row],
                       &final_value[row], last_value.data(), scaling.data(), &advantage[row],  &target[row],
                       horizon_,          environments_};
  each_call(environments_, block_rows,
            [&](int first, int rows) { training_kernels().advantage(io, config, first, rows); });
}

void Rollout::drip(float decay) {
  const int64_t row = start();
  const Drip d{&reward[row], &terminated[row], &truncated[row], horizon_, environments_, decay};
  each_call(environments_, block_rows, [&](int first, int rows) { training_kernels().drip(d, first, rows); });
}

void Rollout::learn_scaling(float gamma) {
  const DiscountedReturns d{&reward[start()], &done[start()], returns.data(), horizon_, environments_, gamma};
  each_call(environments_, block_rows, [&](int first, int rows) {
    training_kernels().discount(d, scaling.data(), first, rows, return_sums_.data());
  });
  training_kernels().merge_returns(d, return_sums_.data(), scaling.data());
}

void Rollout::explained_variance(double* result) const {
  training_kernels().explained_variance(&target[start()], &value[start()], size(), result);
}

}  // namespace torsor
