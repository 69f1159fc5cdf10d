// What an update of PPO is told.
#pragma once
#include <cstdint>
#include <vector>

#include "math/advantage.h"
#include "math/ppo_loss.h"
#include "math/priority.h"

namespace torsor {

// Over which advantages their mean and standard deviation are taken, before they enter the loss.
enum class Normalization { none, minibatch, rollout };

struct PpoUpdateConfig {
  int epochs, minibatches;
  AdvantageConfig advantage;
  PpoConfig loss;
  float max_grad_norm;
  Normalization normalization;
  bool sample_deviation;  // the standard deviation of a sample, as torch's: divided by count - 1
  float target_kl;        // 0: no early stop
  int checkpoint_steps;   // recurrent models: steps kept at once, the others are computed again in backward; 0: all
  float drip_decay;       // of rewards, see math/drip.h; 0: they are as they were
  float desired_kl;       // what the learning rate follows in every minibatch, beginning with the one given; 0: none
  int gradient_accumulation;  // parts a minibatch is computed in, one after another
  int update_accumulation;    // steps of the optimiser whose changes are made together, after the last of them
  // Segments that a minibatch draws by priority; 0: every pass is a permutation of all, cut into minibatches.
  int drawn_segments;
  int segment;  // steps of those
  PriorityConfig priority;
  std::vector<int32_t> order;  // what all minibatches draw, one after another, in place of chance; empty: chance
};

}  // namespace torsor
