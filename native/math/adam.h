// One element of Adam (Kingma and Ba 2015), with Nesterov momentum (Dozat 2016) and decoupled weight decay (Loshchilov and Hutter 2019) as options.
#pragma once
#include "number.h"

namespace torsor {

struct AdamConfig {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  // Bias corrections of update k = 1, 2, ...: the direction is m momentum + g gradient, the scale is v second.
  // Plain: momentum = 1 / (1 - beta1^k), gradient = 0. Nesterov: momentum = beta1 / (1 - beta1^(k+1)), gradient = (1 - beta1) / (1 - beta1^k).
  float momentum, gradient, second;
};

// What stands between gradients and a step of the optimiser.
struct UpdateGate {
  float gradient_scale = 1;  // to clip their norm
  bool stopped = false;      // this step and all that follow change nothing
  // Factor of the learning rate of this step; the rate itself where it follows the KL divergence.
  float learning_rate = 1;
  int overflowed = 0;  // above 0: a step left out elements that it would have made NaN or infinite
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// The settings of a step, of Adam or of Muon, with the learning rate of its gate.
template <class Config> HD Config at_rate(Config c, const UpdateGate* gate) {
  c.learning_rate *= gate->learning_rate;
  return c;
}

// 0 where x is finite, otherwise NaN: a sum over many numbers says whether all of them are.
template <class N> HD N zero_if_finite(N x) { return x - x; }

// Changes parameter and moments, unless one of them would not be finite: returns 0 where the step was taken, otherwise NaN. A first moment that is
// not finite makes the parameter so, a second one may stop it unseen.
template <class N> HD N adam_element(N& parameter, N gradient, N& first, N& second, const AdamConfig& c) {
  using S = Scalar<N>;
  const N m = S(c.beta1) * first + (1 - S(c.beta1)) * gradient;
  const N v = S(c.beta2) * second + (1 - S(c.beta2)) * gradient * gradient;
  const N direction = (S(c.momentum) * m + S(c.gradient) * gradient) / (square_root(N(v * S(c.second))) + S(c.epsilon));
  const N p = parameter - S(c.learning_rate) * (direction + S(c.weight_decay) * parameter);
  const N taken = zero_if_finite(p) + zero_if_finite(v);
  parameter = choose(taken == 0, p, parameter);
  first = choose(taken == 0, m, first);
  second = choose(taken == 0, v, second);
  return taken;
}

}  // namespace torsor::TORSOR_ISA
