// See rollout.h.
#include "training/rollout.h"

#include <cstring>

#include "device/launch.h"

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
  reset();
}

// The burn-in of the very first rollout sees nothing, and clears what it made of that: the carry starts at zero.
void Rollout::reset() {
  std::memset(carry.data(), 0, sizeof(float) * carry.size());
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
void Rollout::begin() {
  const int64_t from = size(), rows = start();
  const auto move = [&](auto& column, int64_t width) {
    if (column.size()) std::memmove(column.data(), column.data() + from * width, sizeof(column[0]) * rows * width);
  };
  move(observation, model_.observation_size());
  move(latent, model_.head().latent_width);
  move(done, 1);
  move(mask, model_.head().n);
}

void Rollout::keep_carry(int t, int first, int rows) {
  const int64_t width = model_.carry_width(), at = first * width, bytes = sizeof(float) * rows * width;
  if (!width) return;
  if (burn_in_ && t == 0) std::memcpy(&carries[at], &next_carry_[at], bytes);
  if (burn_in_ && t == horizon_ - burn_in_) std::memcpy(&next_carry_[at], &carry[at], bytes);
  const int row = t + burn_in_;
  if (row % segment_ == 0 && row / segment_ < horizon_ / segment_)
    std::memcpy(&carries[row / segment_ * environments_ * width + at], &carry[at], bytes);
}

void Rollout::act(int t, const float* current, const uint8_t* allowed, float* action, int32_t* choice,
                  const Noise& noise) {
  if (t == 0) begin();
  const int64_t row = start() + int64_t(t) * environments_;
  const int width = model_.observation_size(), categories = model_.head().n;
  std::memcpy(&observation[row * width], current, sizeof(float) * environments_ * width);
  if (t == 0) masked = allowed != nullptr;
  if (allowed) {
    if (!mask.size()) {
      mask = Array<uint8_t>((size() + start()) * categories);
      std::memset(mask.data(), 1, size_t(mask.size()));
    }
    std::memcpy(&mask[row * categories], allowed, size_t(environments_) * categories);
  }
  keep_carry(t, 0, environments_);
  StepIO io{};
  io.observation = current;
  io.mask = allowed;
  io.action = action;
  io.choice = choice;
  io.latent = &latent[row * model_.head().latent_width];
  io.log_prob = &log_prob[row];
  io.value = &value[row];
  io.noise = noise;
  io.carry = carry.data();
  model_.act(io, environments_);
}

void Rollout::record(int t, const float* reward_, const uint8_t* terminated_, const uint8_t* truncated_,
                     const float* final_observation) {
  const int64_t row = start() + int64_t(t) * environments_;
  std::memcpy(&reward[row], reward_, sizeof(float) * environments_);
  std::memcpy(&terminated[row], terminated_, environments_);
  std::memcpy(&truncated[row], truncated_, environments_);
  const auto held = model_.hold();
  end_step(t, 0, environments_, final_observation);
}

// `final_observation` has a row for every environment; neighbours that were truncated together are valued together, each with the carry its
// episode ended with. Then the carry of finished episodes is cleared.
void Rollout::end_step(int t, int first, int rows, const float* final_observation) {
  const int64_t row = start() + int64_t(t) * environments_;
  const auto wanted = [&](int e) { return truncated[row + e] && !terminated[row + e]; };
  for (int e = first; e < first + rows;) {
    int end = e;
    while (end < first + rows && wanted(end)) end++;
    if (end > e) value_of(final_observation, &final_value[row], e, end - e);
    e = end + 1;
  }
  const int64_t width = model_.carry_width();
  for (int e = first; e < first + rows; e++) {
    done[row + e] = terminated[row + e] || truncated[row + e];
    if (done[row + e] && width) std::memset(&carry[e * width], 0, sizeof(float) * width);
  }
}

void Rollout::value_of(const float* current, float* to, int first, int rows) {
  ForwardIO io{};
  io.observation = current;
  io.bootstrap_value = to;
  io.sequence.carry = carry.data();
  model_.forward_part(io, first, rows);
}

void Rollout::finish(const float* current) {
  const auto held = model_.hold();
  value_of(current, last_value.data(), 0, environments_);
}

EpisodeSums Rollout::collect(VectorEnvironment& environment, Noise noise) {
  const int width = model_.observation_size(), n = model_.head().n;
  Array<float> current(int64_t(environments_) * width), final_observation(int64_t(environments_) * width),
      action(int64_t(environments_) * n);
  Array<int32_t> choice(int64_t(environments_) * model_.head().latent_width);
  masked = false;
  begin();
  const auto held = model_.hold();
  const int most = rows_of_call(environments_, block_rows);
  parallel((environments_ + most - 1) / most, [&](int block) {
    const int first = block * most, rows = std::min(most, environments_ - first);
    collect_block(environment, noise, first, rows, current.data(), final_observation.data(), action.data(),
                  choice.data());
  });
  return environment.take_episodes();
}

void Rollout::collect_block(VectorEnvironment& environment, Noise noise, int first, int rows, float* current,
                            float* final_observation, float* action, int32_t* choice) {
  const int width = model_.observation_size(), latent_width = model_.head().latent_width;
  environment.observe(first, rows, current);
  for (int t = 0; t < horizon_; t++, noise.counter++) {
    const int64_t row = start() + int64_t(t) * environments_;
    std::memcpy(&observation[(row + first) * width], current + int64_t(first) * width, sizeof(float) * rows * width);
    keep_carry(t, first, rows);
    StepIO io{};
    io.observation = current;
    io.action = action;
    io.choice = choice;
    io.latent = &latent[row * latent_width];
    io.log_prob = &log_prob[row];
    io.value = &value[row];
    io.noise = noise;
    io.carry = carry.data();
    model_.act_part(io, first, rows);
    const void* chosen = model_.discrete() ? static_cast<const void*>(choice) : action;
    environment.step(first, rows,
                     {chosen, current, &reward[row], &terminated[row], &truncated[row], final_observation});
    end_step(t, first, rows, final_observation);
  }
  value_of(current, last_value.data(), first, rows);
}

void Rollout::advantages(const AdvantageConfig& config, const float* ratio) {
  const int64_t row = start();
  const AdvantageIO io{&reward[row],      &value[row],       ratio,           &terminated[row], &truncated[row],
                       &final_value[row], last_value.data(), &advantage[row], &target[row],     horizon_,
                       environments_};
  const int most = rows_of_call(environments_, block_rows);
  parallel((environments_ + most - 1) / most, [&](int block) {
    const int first = block * most;
    kernels().advantage(io, config, first, std::min(most, environments_ - first));
  });
}

double Rollout::explained_variance() const {
  double mean = 0, mean_error = 0, variance = 0, variance_error = 0;
  const int64_t n = size(), end = start() + n;
  for (int64_t k = start(); k < end; k++) {
    mean += target[k];
    mean_error += double(target[k]) - value[k];
  }
  mean /= n;
  mean_error /= n;
  for (int64_t k = start(); k < end; k++) {
    const double centred = target[k] - mean, error = double(target[k]) - value[k] - mean_error;
    variance += centred * centred;
    variance_error += error * error;
  }
  return variance > 0 ? 1 - variance_error / variance : 0;
}

}  // namespace torsor
