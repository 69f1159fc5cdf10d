// See optimizer.h.
#include "training/optimizer.h"

#include <algorithm>
#include <cmath>

#include "device/error.h"
#include "device/training.h"

namespace torsor {

Optimizer::Optimizer(int64_t count, const OptimizerConfig& config, std::vector<Matrix> matrices)
    : count_(count), config_(config) {
  if (config.name == "muon")
    matrices_ = std::move(matrices);
  else if (config.name != "adam")
    throw Error("UNKNOWN_NAME", "optimizer: expected adam or muon, got '" + config.name + "'");
  int64_t end = 0, largest = 0, side = 0;
  for (const Matrix& m : matrices_) {
    const int64_t size = int64_t(m.rows) * m.columns;
    if (m.rows < 1 || m.columns < 1 || m.offset < end || m.offset + size > count)
      throw Error("INVALID_ARGUMENT", "optimizer: a matrix lies outside the parameters or overlaps another");
    end = m.offset + size;
    largest = std::max(largest, size);
    side = std::max<int64_t>(side, std::min(m.rows, m.columns));
  }
  first = Array<float>(count);
  second = Array<float>(count);
  scratch_ = Array<float>(3 * largest + 2 * side * side);
}

void Optimizer::step(float* parameters, const float* gradients, float learning_rate, UpdateGate* gate) {
  updates++;
  int64_t at = 0;
  for (const Matrix& m : matrices_) {
    adam(parameters, gradients, at, m.offset, learning_rate, gate);
    muon(parameters, gradients, m, learning_rate, gate);
    at = m.offset + int64_t(m.rows) * m.columns;
  }
  adam(parameters, gradients, at, count_, learning_rate, gate);
}

void Optimizer::adam(float* parameters, const float* gradients, int64_t from, int64_t to, float learning_rate,
                     UpdateGate* gate) {
  if (from >= to) return;
  const double k = double(updates), beta1 = config_.beta1, beta2 = config_.beta2;
  AdamConfig c{learning_rate, config_.beta1, config_.beta2, config_.epsilon, config_.weight_decay, 0, 0, 0};
  const double correction = 1 - std::pow(beta1, k);
  c.momentum = float(config_.nesterov ? beta1 / (1 - std::pow(beta1, k + 1)) : 1 / correction);
  c.gradient = float(config_.nesterov ? (1 - beta1) / correction : 0);
  c.second = float(1 / (1 - std::pow(beta2, k)));
  training_kernels().adam(parameters + from, gradients + from, first.data() + from, second.data() + from, to - from, c,
                          gate);
}

void Optimizer::muon(float* parameters, const float* gradients, const Matrix& matrix, float learning_rate,
                     UpdateGate* gate) {
  const TrainingKernels& kernels = training_kernels();
  const int rows = std::min(matrix.rows, matrix.columns), columns = std::max(matrix.rows, matrix.columns);
  const int64_t size = int64_t(rows) * columns;
  float *x = scratch_.data(), *transposed = x + size, *product = transposed + size, *a = product + size,
        *b = a + int64_t(rows) * rows;
  const double k = double(updates), beta = muon_beta;
  const float rate = learning_rate * std::sqrt(std::max(1.0f, float(matrix.columns) / matrix.rows));
  const MuonMatrix m{matrix.rows,
                     matrix.columns,
                     rate,
                     config_.weight_decay,
                     float(beta / (1 - std::pow(beta, k + 1))),
                     float((1 - beta) / (1 - std::pow(beta, k)))};
  kernels.momentum(gradients + matrix.offset, first.data() + matrix.offset, x, m, gate);
  kernels.normalize(x, size);
  for (int iteration = 0; iteration < muon_iterations; iteration++) {
    kernels.transpose(x, transposed, rows, columns);
    kernels.multiply(x, transposed, nullptr, a, rows, columns, rows, 1, 0);
    kernels.multiply(a, a, a, b, rows, rows, rows, muon_c2, muon_c1);
    kernels.multiply(b, x, x, product, rows, rows, columns, 1, muon_c0);
    std::swap(x, product);
  }
  kernels.follow(parameters + matrix.offset, x, m, gate);
}

}  // namespace torsor
