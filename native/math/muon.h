// Muon (Jordan et al. 2024): Nesterov momentum whose direction is orthogonalised by five Newton-Schulz steps, so that every singular value comes
// near 1. As in optax.contrib.muon, to which the constants belong.
#pragma once
#include "adam.h"

namespace torsor {

constexpr double muon_beta = 0.95;
constexpr int muon_iterations = 5;
// One step: X becomes c0 X + (c1 A + c2 A A) X with A = X transpose(X).
constexpr float muon_c0 = 3.4445f, muon_c1 = -4.7750f, muon_c2 = 2.0315f;
constexpr float muon_tiny = 1e-12f;  // added to the length of a direction

struct MuonMatrix {
  int rows, columns;  // of the parameter
  float learning_rate, weight_decay;
  float momentum, gradient;  // bias corrections of this update: the direction is m momentum + g gradient
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// Where element k of a matrix stands in its direction, which is never higher than it is wide.
HD int64_t place_in_direction(const MuonMatrix& c, int64_t k) {
  return c.rows > c.columns ? k % c.columns * c.rows + k / c.columns : k;
}

// Both change a number unless it would not be finite, and return 0 where they did, otherwise NaN. A direction that is not finite makes all of the
// matrix so, which then stays as it is.
HD float momentum_element(float gradient, float& m, float& direction, const MuonMatrix& c) {
  const float next = float(muon_beta) * m + float(1 - muon_beta) * gradient;
  direction = c.momentum * next + c.gradient * gradient;
  const float taken = zero_if_finite(next);
  m = taken == 0 ? next : m;
  return taken;
}

HD float follow_element(float& parameter, float direction, const MuonMatrix& c) {
  const float next = parameter - c.learning_rate * (direction + c.weight_decay * parameter);
  const float taken = zero_if_finite(next);
  parameter = taken == 0 ? next : parameter;
  return taken;
}

}  // namespace torsor::TORSOR_ISA
