// One rollout on the device: columns [horizon][environments] of what the policy saw, did and got.
#pragma once
#include "device/buffer.h"
#include "device/kernels.h"
#include "envs/vector_environment.h"
#include "program/model.h"

namespace torsor {

class Rollout {
 public:
  Rollout(Model&, int horizon, int environments);

  int horizon() const { return horizon_; }
  int environments() const { return environments_; }
  int64_t size() const { return int64_t(horizon_) * environments_; }

  // The policy step of row t; `action` or `choice` receives what the environments are to do.
  void act(int t, const float* observation, const uint8_t* mask, float* action, int32_t* choice, const Noise&);
  // What the step of row t brought. A truncated episode is worth its true final observation, so its value is taken here.
  void record(int t, const float* reward, const uint8_t* terminated, const uint8_t* truncated,
              const float* final_observation);
  // The observation after the last row.
  void finish(const float* observation);

  // The whole horizon with native environments, in blocks of environments that do not wait for each other. The counter of `noise` is that
  // of the first step.
  EpisodeSums collect(VectorEnvironment&, Noise noise);

  // `ratio` [horizon][environments]: probability of the actions under the policy to learn for over that which acted; null: all 1.
  void advantages(const AdvantageConfig&, const float* ratio = nullptr);
  // 1 - Var(target - value) / Var(target)
  double explained_variance() const;

  Array<float> observation, latent, log_prob, value, reward, final_value, last_value, advantage, target;
  Array<uint8_t> terminated, truncated, mask;
  const Model& model() const { return model_; }
  bool masked = false;  // whether the rollout carries masks: all of its rows, or none

 private:
  void collect_block(VectorEnvironment&, Noise, int first, int rows, float* current, float* final_observation,
                     float* action, int32_t* choice);
  void value_of_truncated(int t, int first, int rows, const float* final_observation);

  Model& model_;
  int horizon_, environments_;
};

}  // namespace torsor
