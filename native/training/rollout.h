// One rollout on the device: columns [burn-in + horizon][environments] of what the policy saw, did and got. The rows of the burn-in are the
// last ones of the rollout before: a recurrent model runs over them to warm its carry up.
#pragma once
#include "device/buffer.h"
#include "device/recording.h"
#include "device/training.h"
#include "envs/vector_environment.h"
#include "program/model.h"

namespace torsor {

class Rollout {
 public:
  // Recurrent models train on segments of `segment` steps, which divides the horizon, each after `burn_in` steps of warming up.
  Rollout(Model&, int horizon, int environments, int segment = 1, int burn_in = 0);

  int horizon() const { return horizon_; }
  int environments() const { return environments_; }
  int segment() const { return segment_; }
  int burn_in() const { return burn_in_; }
  int64_t size() const { return int64_t(horizon_) * environments_; }
  // The row of a column where the first step of this rollout stands.
  int64_t start() const { return int64_t(burn_in_) * environments_; }

  // The policy step of row t; `action` or `choice` receives what the environments are to do. Arrays have a row for every environment, of
  // which first ... first + rows - 1 are read and written: environments may be at different steps.
  void act(int t, const float* observation, const uint8_t* mask, float* action, int32_t* choice, const Noise&,
           int first, int rows);
  // What the step of row t brought. A truncated episode is worth its true final observation, so its value is taken here.
  void record(int t, const float* reward, const uint8_t* terminated, const uint8_t* truncated,
              const float* final_observation, int first, int rows);
  // The observation after the last row.
  void finish(const float* observation);

  // The whole horizon with native environments, in blocks of environments that do not wait for each other; on a GPU one block, whose kernels
  // are started without waiting in between. The counter of `noise` is that of the first step.
  EpisodeSums collect(VectorEnvironment&, Noise noise);

  // Rewards as DRIP has them take the place of those there are.
  void drip(float decay);
  // Once for every rollout whose rewards are scaled by running statistics, before its advantages.
  void learn_scaling(float gamma);
  // `ratio` [horizon][environments]: probability of the actions under the policy to learn for over that which acted; null: all 1.
  void advantages(const AdvantageConfig&, const float* ratio = nullptr);
  // 1 - Var(target - value) / Var(target), to where kernels write.
  void explained_variance(double* result) const;

  // Forgets the carry of all environments, as before the first episode.
  void reset();
  // What the burn-in of the next rollout starts from: observations and ends of its steps, [burn-in][environments]..., and the carry before.
  void read_burn_in(float* observation, uint8_t* done, float* carry) const;
  void write_burn_in(const float* observation, const uint8_t* done, const float* carry);

  Array<float> observation, latent, log_prob, value, reward, final_value, last_value, advantage, target;
  Array<uint8_t> terminated, truncated, done, mask;  // done: either
  // Recurrent models: the carry now, [environments][carry_width], and that before the burn-in of every segment, [segments][environments]...
  Array<float> carry, carries;
  // Running statistics of rewards, one, and the discounted return of every environment so far.
  Array<RewardScaling> scaling;
  Array<double> returns;
  const Model& model() const { return model_; }
  bool masked = false;  // whether the rollout carries masks: all of its rows, or none

 private:
  void collect_block(VectorEnvironment&, Noise, int first, int rows);
  // Before and after the step of row t, for environments first ... first + rows - 1.
  void keep_carry(int t, int first, int rows);
  void end_step(int t, int first, int rows, const float* final_observation);
  // Of the rows whose flag is set; null: of all.
  void value_of(const float* observation, float* value, const uint8_t* wanted, int first, int rows);
  void begin(int first, int rows);

  Model& model_;
  int horizon_, environments_, segment_, burn_in_;
  Array<double> return_sums_;
  Array<float> next_carry_;  // before the burn-in of the next rollout
  // With native environments: actions, and observations after the last step and after the end of an episode.
  Array<float> action_, last_observation_, final_observation_;
  Array<int32_t> choice_;
  Recording recording_;
};

}  // namespace torsor
