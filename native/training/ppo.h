// Proximal policy optimisation (Schulman et al. 2017): one update on a rollout.
#pragma once
#include "training/optimizer.h"
#include "training/rollout.h"
#include "training/statistics.h"

namespace torsor {

struct PpoUpdateConfig {
  int epochs, minibatches;
  AdvantageConfig advantage;
  PpoConfig loss;
  float max_grad_norm;
  bool normalize_advantage;
  float target_kl;       // 0: no early stop
  int checkpoint_steps;  // recurrent models: steps kept at once, the others are computed again in backward; 0: all
};

class PpoTrainer {
 public:
  PpoTrainer(Model&, const OptimizerConfig&, std::vector<Matrix>);

  PpoMetrics update(Rollout&, const PpoUpdateConfig&, float learning_rate, const Noise& key);

  const Model& model() const { return model_; }
  Optimizer optimizer;

 private:
  void run(Rollout&, const PpoUpdateConfig&, float learning_rate, const Noise& key);
  void shuffle(const Rollout&, int epoch, const Noise& key);
  void step(float learning_rate);
  void learn_statistics(const Rollout&);
  // Calls f(parameters) where an update makes its changes.
  template <class F> void change(F f) {
    if (calls_are_deferred)
      f(parameters_.data());
    else
      model_.change_parameters(f);
  }
  // The parameters of the model, over a whole update where calls are deferred, otherwise over a minibatch.
  std::shared_lock<std::shared_mutex> hold(bool now) {
    return now ? model_.hold() : std::shared_lock<std::shared_mutex>();
  }

  Model& model_;
  Array<float> gradients_, sums_;   // sums: of Model::gradient
  Array<int32_t> index_, segment_;  // first row and number of every segment, shuffled
  Array<PpoUpdate> state_;          // one
  // Where calls are deferred, an update works on a copy of the parameters, and the model goes on answering with those it has.
  Array<float> parameters_;
  ObservationStatistics statistics_;
  Recording recording_;
};

// Loss and gradients of one minibatch, for tests and other algorithms: `io` carries the arrays, `gradients` receives the sums.
PpoMetrics ppo_minibatch(Model&, const GradientIO&, int rows, bool normalize_advantage, float* gradients);

}  // namespace torsor
