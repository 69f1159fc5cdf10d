// See rollout.h.
#include "training/rollout.h"

#include <cstring>

#include "device/launch.h"

namespace torsor {

constexpr int block_rows = tile_rows;  // environments that are stepped together, independent of the number of threads

Rollout::Rollout(Model& model, int horizon, int environments)
    : model_(model), horizon_(horizon), environments_(environments) {
  const int64_t n = size();
  observation = Array<float>(n * model.observation_size());
  latent = Array<float>(n * model.head().latent_width);
  for (Array<float>* column : {&log_prob, &value, &reward, &final_value, &advantage, &target})
    *column = Array<float>(n);
  last_value = Array<float>(environments);
  terminated = Array<uint8_t>(n);
  truncated = Array<uint8_t>(n);
}

void Rollout::act(int t, const float* current, const uint8_t* allowed, float* action, int32_t* choice,
                  const Noise& noise) {
  const int64_t row = int64_t(t) * environments_;
  const int width = model_.observation_size(), categories = model_.head().n;
  std::memcpy(&observation[row * width], current, sizeof(float) * environments_ * width);
  if (t == 0) masked = allowed != nullptr;
  if (allowed) {
    if (!mask.size()) mask = Array<uint8_t>(size() * categories);
    std::memcpy(&mask[row * categories], allowed, size_t(environments_) * categories);
  }
  StepIO io{};
  io.observation = current;
  io.mask = allowed;
  io.action = action;
  io.choice = choice;
  io.latent = &latent[row * model_.head().latent_width];
  io.log_prob = &log_prob[row];
  io.value = &value[row];
  io.noise = noise;
  model_.act(io, environments_);
}

void Rollout::record(int t, const float* reward_, const uint8_t* terminated_, const uint8_t* truncated_,
                     const float* final_observation) {
  const int64_t row = int64_t(t) * environments_;
  std::memcpy(&reward[row], reward_, sizeof(float) * environments_);
  std::memcpy(&terminated[row], terminated_, environments_);
  std::memcpy(&truncated[row], truncated_, environments_);
  const auto held = model_.hold();
  value_of_truncated(t, 0, environments_, final_observation);
}

// `final_observation` has a row for every environment; neighbours that were truncated together are valued together.
void Rollout::value_of_truncated(int t, int first, int rows, const float* final_observation) {
  const int64_t row = int64_t(t) * environments_;
  const auto wanted = [&](int e) { return truncated[row + e] && !terminated[row + e]; };
  for (int e = first; e < first + rows;) {
    if (!wanted(e)) {
      e++;
      continue;
    }
    int end = e;
    while (end < first + rows && wanted(end)) end++;
    model_.value_part(final_observation, &final_value[row], e, end - e);
    e = end;
  }
}

void Rollout::finish(const float* current) {
  ForwardIO io{};
  io.observation = current;
  io.value = last_value.data();
  model_.forward(io, environments_);
}

EpisodeSums Rollout::collect(VectorEnvironment& environment, Noise noise) {
  const int width = model_.observation_size(), n = model_.head().n;
  Array<float> current(int64_t(environments_) * width), final_observation(int64_t(environments_) * width),
      action(int64_t(environments_) * n);
  Array<int32_t> choice(environments_);
  masked = false;
  const auto held = model_.hold();
  const int blocks = (environments_ + block_rows - 1) / block_rows;
  parallel(blocks, [&](int block) {
    const int first = block * block_rows, rows = std::min(block_rows, environments_ - first);
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
    const int64_t row = int64_t(t) * environments_;
    std::memcpy(&observation[(row + first) * width], current + int64_t(first) * width, sizeof(float) * rows * width);
    StepIO io{};
    io.observation = current;
    io.action = action;
    io.choice = choice;
    io.latent = &latent[row * latent_width];
    io.log_prob = &log_prob[row];
    io.value = &value[row];
    io.noise = noise;
    model_.act_part(io, first, rows);
    const void* chosen = model_.discrete() ? static_cast<const void*>(choice) : action;
    environment.step(first, rows,
                     {chosen, current, &reward[row], &terminated[row], &truncated[row], final_observation});
    value_of_truncated(t, first, rows, final_observation);
  }
  model_.value_part(current, last_value.data(), first, rows);
}

void Rollout::advantages(const AdvantageConfig& config, const float* ratio) {
  const AdvantageIO io{
      reward.data(),     value.data(),     ratio,         terminated.data(), truncated.data(), final_value.data(),
      last_value.data(), advantage.data(), target.data(), horizon_,          environments_};
  const int blocks = (environments_ + block_rows - 1) / block_rows;
  parallel(blocks, [&](int block) {
    const int first = block * block_rows;
    kernels().advantage(io, config, first, std::min(block_rows, environments_ - first));
  });
}

double Rollout::explained_variance() const {
  double mean = 0, mean_error = 0, variance = 0, variance_error = 0;
  const int64_t n = size();
  for (int64_t k = 0; k < n; k++) {
    mean += target[k];
    mean_error += double(target[k]) - value[k];
  }
  mean /= n;
  mean_error /= n;
  for (int64_t k = 0; k < n; k++) {
    const double centred = target[k] - mean, error = double(target[k]) - value[k] - mean_error;
    variance += centred * centred;
    variance_error += error * error;
  }
  return variance > 0 ? 1 - variance_error / variance : 0;
}

}  // namespace torsor
