// Proximal policy optimisation (Schulman et al. 2017): one update on a rollout.
#pragma once
#include "training/optimizer.h"
#include "training/rollout.h"

namespace torsor {

struct PpoUpdateConfig {
  int epochs, minibatches;
  AdvantageConfig advantage;
  PpoConfig loss;  // without the advantage's moments, which belong to a minibatch
  float max_grad_norm;
  bool normalize_advantage;
  float target_kl;       // 0: no early stop
  int checkpoint_steps;  // recurrent models: steps kept at once, the others are computed again in backward; 0: all
};

// Means over the minibatches of an update.
struct PpoMetrics {
  double loss = 0, policy_loss = 0, value_loss = 0, entropy = 0, approx_kl = 0, clip_fraction = 0,
         explained_variance = 0, grad_norm = 0;
  int epochs = 0;
  bool non_finite = false;  // a loss or gradient was not finite: the update stopped before it touched the parameters
};

class PpoTrainer {
 public:
  PpoTrainer(Model&, const OptimizerConfig&, std::vector<Matrix>);

  PpoMetrics update(Rollout&, const PpoUpdateConfig&, float learning_rate, const Noise& key);

  const Model& model() const { return model_; }
  Optimizer optimizer;

 private:
  Model& model_;
  Array<float> gradients_;
  Array<int32_t> index_, segment_;  // first row and number of every segment, shuffled
};

// Loss and gradients of one minibatch, for tests and other algorithms: `io` carries the arrays, `gradients` receives the sums.
PpoMetrics ppo_minibatch(Model&, GradientIO, int rows, bool normalize_advantage, float* gradients);

}  // namespace torsor
