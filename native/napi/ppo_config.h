// The settings of an update of PPO from JavaScript.
#pragma once
#include "napi/convert.h"
#include "training/ppo_config.h"
#include "training/rollout.h"

namespace torsor {

PpoUpdateConfig to_ppo_config(const Napi::Value&);
// Throws Error where the two do not go together.
void check_fits(const PpoUpdateConfig&, const Rollout&);
// A number, or a Float32Array of `count`.
std::vector<float> to_learning_rates(const Napi::Value&, int64_t count);

}  // namespace torsor
