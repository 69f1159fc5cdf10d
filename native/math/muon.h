// Muon (Jordan et al. 2024): Nesterov momentum whose direction is orthogonalised by five Newton-Schulz steps, so that every singular value comes
// near 1. As in optax.contrib.muon, to which the constants belong.
#pragma once
#include "number.h"

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

HD float momentum_element(float gradient, float& m, const MuonMatrix& c) {
  m = float(muon_beta) * m + float(1 - muon_beta) * gradient;
  return c.momentum * m + c.gradient * gradient;
}

HD float follow_element(float parameter, float direction, const MuonMatrix& c) {
  return parameter - c.learning_rate * (direction + c.weight_decay * parameter);
}

}  // namespace torsor::TORSOR_ISA
