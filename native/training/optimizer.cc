// See optimizer.h.
#include "training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "device/error.h"
#include "device/kernels.h"

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

void Optimizer::step(float* parameters, const float* gradients, float learning_rate) {
  updates++;
  int64_t at = 0;
  for (const Matrix& m : matrices_) {
    adam(parameters, gradients, at, m.offset, learning_rate);
    muon(parameters, gradients, m, learning_rate);
    at = m.offset + int64_t(m.rows) * m.columns;
  }
  adam(parameters, gradients, at, count_, learning_rate);
}

void Optimizer::adam(float* parameters, const float* gradients, int64_t from, int64_t to, float learning_rate) {
  if (from >= to) return;
  const double k = double(updates), beta1 = config_.beta1, beta2 = config_.beta2;
  AdamConfig c{learning_rate, config_.beta1, config_.beta2, config_.epsilon, config_.weight_decay, 0, 0, 0};
  const double correction = 1 - std::pow(beta1, k);
  c.momentum = float(config_.nesterov ? beta1 / (1 - std::pow(beta1, k + 1)) : 1 / correction);
  c.gradient = float(config_.nesterov ? (1 - beta1) / correction : 0);
  c.second = float(1 / (1 - std::pow(beta2, k)));
  kernels().adam(parameters + from, gradients + from, first.data() + from, second.data() + from, to - from, c);
}

// Muon (Jordan et al. 2024): Nesterov momentum whose direction is orthogonalised by five Newton-Schulz steps, so that every singular
// value comes near 1. As in optax.contrib.muon, to which the constants belong.
void Optimizer::muon(float* parameters, const float* gradients, const Matrix& m, float learning_rate) {
  constexpr double beta = 0.95;
  constexpr float c0 = 3.4445f, c1 = -4.7750f, c2 = 2.0315f, tiny = 1e-12f;
  const int64_t size = int64_t(m.rows) * m.columns;
  const bool tall = m.rows > m.columns;
  const int rows = tall ? m.columns : m.rows, columns = tall ? m.rows : m.columns;
  float *x = scratch_.data(), *transposed = x + size, *product = transposed + size, *a = product + size,
        *b = a + int64_t(rows) * rows;
  const double k = double(updates);
  const float momentum = float(beta / (1 - std::pow(beta, k + 1))),
              direct = float((1 - beta) / (1 - std::pow(beta, k)));
  for (int r = 0; r < m.rows; r++)
    for (int c = 0; c < m.columns; c++) {
      const int64_t at = int64_t(r) * m.columns + c;
      float& mu = first[m.offset + at];
      const float g = gradients[m.offset + at];
      mu = float(beta) * mu + float(1 - beta) * g;
      x[tall ? int64_t(c) * m.rows + r : at] = momentum * mu + direct * g;
    }
  const float norm = float(std::sqrt(kernels().sum_of_squares(x, size)));
  kernels().scale(x, size, 1 / (norm + tiny));
  for (int iteration = 0; iteration < 5; iteration++) {
    for (int r = 0; r < rows; r++)
      for (int c = 0; c < columns; c++) transposed[int64_t(c) * rows + r] = x[int64_t(r) * columns + c];
    kernels().multiply(x, transposed, a, rows, columns, rows, 1, 0);
    std::memcpy(b, a, sizeof(float) * rows * rows);
    kernels().multiply(a, a, b, rows, rows, rows, c2, c1);
    std::memcpy(product, x, sizeof(float) * size);
    kernels().multiply(b, x, product, rows, rows, columns, 1, c0);
    std::swap(x, product);
  }
  const float rate = learning_rate * std::sqrt(std::max(1.0f, float(m.columns) / m.rows));
  for (int r = 0; r < m.rows; r++)
    for (int c = 0; c < m.columns; c++) {
      const int64_t at = int64_t(r) * m.columns + c;
      float& p = parameters[m.offset + at];
      p -= rate * (x[tall ? int64_t(c) * m.rows + r : at] + config_.weight_decay * p);
    }
}

}  // namespace torsor
