// Proximal policy optimisation (Schulman et al. 2017): one update on a rollout.
#pragma once
#include "training/optimizer.h"
#include "training/ppo_config.h"
#include "training/rollout.h"
#include "training/segment_sampler.h"
#include "training/statistics.h"
#include "training/stopped_minibatch.h"

namespace torsor {

class PpoTrainer {
 public:
  PpoTrainer(Model&, const OptimizerConfig&, std::vector<Matrix>);

  // `learning_rates`: one, or one for every step of the optimiser. Prioritised sampling and DRIP change values and rewards of the rollout.
  PpoMetrics update(Rollout&, const PpoUpdateConfig&, const std::vector<float>& learning_rates, const Noise& key);

  const Model& model() const { return model_; }
  Optimizer optimizer;
  // What the minibatch was made of that stopped the last update; empty where none did.
  StoppedMinibatch stopped_minibatch;
  // Of prioritised sampling: what the last minibatch left, and probability ratios, a column.
  SegmentSampler sampler;
  Array<float> ratio;

 private:
  // Segments of a minibatch: their numbers, and the rows they begin with, or all their rows.
  struct Minibatch {
    const int32_t *segment, *index;
    int segments, rows;  // rows: of a segment
  };
  void allocate(const Rollout&, const PpoUpdateConfig&);
  void run(Rollout&, const PpoUpdateConfig&, const std::vector<float>& learning_rates, const Noise& key);
  void take_steps(Rollout&, const PpoUpdateConfig&, const std::vector<float>& learning_rates, const Noise& key);
  void keep_policy(const Rollout&);
  GradientIO arrays_of(const Rollout&, const PpoUpdateConfig&) const;
  void shuffle(const Rollout&, int epoch, const Noise& key);
  Minibatch part(const Rollout&, int number, int minibatches) const;
  Minibatch draw(const Rollout&, const PpoUpdateConfig&, int epoch, int number, const Noise& key);
  void evaluate(GradientIO, const Minibatch&, const PpoUpdateConfig&, const PpoLimits&);
  void keep_stopped(const Rollout&, const PpoUpdateConfig&, const Noise& key);
  void normalize_rollout(const Rollout&, const PpoUpdateConfig&);
  void step(float learning_rate);
  // Those of the steps since it was called last, where changes accumulate.
  void make_changes();
  bool accumulates() const { return accumulated_.size() > 0; }
  // Where calls are deferred, kernels see by themselves when to stop.
  bool stopped() const { return !calls_are_deferred && (state_[0].gate.stopped || state_[0].gate.overflowed); }
  void renew(Rollout&, const PpoUpdateConfig&);
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
  Array<float> accumulated_;  // parameters with changes that are still to be made
  Array<float> new_value_;    // of prioritised sampling, a column
  Array<int32_t> order_;
  Array<float> old_head_[2];  // mean and scale of every row before the update, for the exact divergence
  ObservationStatistics statistics_;
  Recording recording_;
};

// Loss and gradients of one minibatch, for tests and other algorithms: `io` carries the arrays, `gradients` receives the sums.
PpoMetrics ppo_minibatch(Model&, const GradientIO&, int rows, const PpoUpdateConfig&, float* gradients);

}  // namespace torsor
