// Optimisers over the flat arena: Adam for everything, or Muon for matrices and Adam for the rest.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "device/buffer.h"
#include "math/adam.h"

namespace torsor {

struct OptimizerConfig {
  std::string name;  // adam | muon
  float beta1, beta2, epsilon, weight_decay;
  bool nesterov;
};

struct Matrix {
  int offset, rows, columns;
};

class Optimizer {
 public:
  // `matrices`: the parameters Muon takes, in order of their offsets.
  Optimizer(int64_t count, const OptimizerConfig&, std::vector<Matrix> matrices);

  // Elements that would not be finite stay as they are, and the gate is told.
  void step(float* parameters, const float* gradients, float learning_rate, UpdateGate*);

  int64_t count() const { return count_; }
  // First and second moments; Muon's momentum stands among the first.
  Array<float> first, second;
  int64_t updates = 0;

 private:
  void adam(float* parameters, const float* gradients, int64_t from, int64_t to, float learning_rate, UpdateGate*);
  void muon(float* parameters, const float* gradients, const Matrix&, float learning_rate, UpdateGate*);

  int64_t count_;
  OptimizerConfig config_;
  std::vector<Matrix> matrices_;
  Array<float> scratch_;
};

}  // namespace torsor
