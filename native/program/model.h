// A model on the device: its programs, its parameters in one flat arena, and the calls that run them over a batch.
#pragma once
#include <memory>
#include <mutex>
#include <shared_mutex>
#include "device/buffer.h"
#include "device/choices.h"
#include "program/build.h"

namespace torsor {

class Model {
 public:
  explicit Model(const Trace&);

  const Program& inference() const { return inference_; }
  const Program& training(bool of_inputs);
  int parameter_count() const { return inference_.parameter_count; }
  // Parameters, and statistics behind them.
  int64_t arena_size() const { return int64_t(inference_.parameter_count) + inference_.statistics_count; }
  int observation_size() const { return inference_.observation.width; }
  const Head& head() const { return inference_.head; }
  // Whether actions are int32, [rows][latent_width].
  bool discrete() const { return discrete_; }
  int carry_width() const { return inference_.carry_width; }

  void read_parameters(float* target, int64_t offset, int64_t count);
  void write_parameters(const float* source, int64_t offset, int64_t count);

  // Calls `change(parameters)` while nobody reads them, and prepares the kernels' order of the weights.
  template <class F> void change_parameters(F change) {
    std::unique_lock<std::shared_mutex> lock(mutex_);
    change(parameters_.data());
    pack();
  }
  // Holds the parameters still; training reads them over a whole minibatch.
  std::shared_lock<std::shared_mutex> hold() { return std::shared_lock<std::shared_mutex>(mutex_); }

  // What was measured on the device so far.
  std::vector<Choice> choices() const { return choices_.all(); }

  // The arrays of parameters are filled in here. Rows are spread over the threads where that pays.
  void act(StepIO, int first, int rows);
  void forward(ForwardIO, int rows);
  void evaluate(EvaluateIO, int rows);

  // Rows first ... first + rows - 1 on the calling thread; the caller holds the parameters.
  void act_part(StepIO&, int first, int rows);
  void forward_part(ForwardIO&, int first, int rows);

  // For a caller that holds them.
  const float* parameters() const { return parameters_.data(); }
  int64_t parameters_size() const { return parameters_.size(); }  // with what must be readable behind them

  // Adds up the gradients of a batch in an order that does not depend on the threads. The caller holds the parameters, or brings his own
  // where kernels need no other order of the weights. `gradients` has room for parameter_count floats; `metrics` [metric_count] receives
  // the sums of the loss terms. Whoever has `sums`, an array that grows as it must, may call this beside others; with `add`, what `gradients`
  // and `metrics` hold is counted in.
  void gradient(GradientIO, int rows, float* gradients, double* metrics, Array<float>& sums, bool add = false);
  void gradient(const GradientIO& io, int rows, float* gradients, double* metrics) {
    const std::lock_guard<std::mutex> alone(gradient_);
    gradient(io, rows, gradients, metrics, accumulators_);
  }

 private:
  void pack();
  template <class F> void spread(int rows, int steps, F part);

  Trace trace_;
  BijectorChain chain_;
  Choices choices_;
  Program inference_;
  std::unique_ptr<Program> training_[2];
  bool discrete_;
  Array<float> constants_;  // of the bijectors
  Array<float> parameters_, packed_, packed_transposed_, accumulators_;
  bool pack_transposed_ = false;
  std::shared_mutex mutex_;
  std::mutex build_, gradient_;
};

}  // namespace torsor
