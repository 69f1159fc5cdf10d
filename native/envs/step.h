// What every environment here answers to a step, and the arithmetic they share. N is float or double: one environment,
// not lanes.
//
// An environment is a struct of constants (sizes, limits, length of an episode) and of three pure functions:
//   reset(state, uniform)    the state of a new episode from noise_size numbers in (0, 1]
//   observe(state, observation)
//   step(state, action)      one step; a discrete action is its index as a number
// Truncation after max_steps is not theirs: VectorEnvironment counts steps.
#pragma once
#include "math/gaussian.h"

namespace torsor::TORSOR_ISA {

template <class N> struct EnvironmentStep {
  N reward;
  bool terminated;
};

// x in [-limit, limit]. A NaN becomes -limit: the state of an environment stays finite whatever a diverged policy
// sends.
template <class N> HD N clip(Scalar<N> limit, N x) { return x > -limit ? (x < limit ? x : limit) : -limit; }

// Uniform in (low, high] from a uniform in (0, 1].
template <class N> HD N between(Scalar<N> low, Scalar<N> high, N uniform) { return low + (high - low) * uniform; }

constexpr double pi = 3.14159265358979324;

// Sine and cosine of an angle in radians, below 2^20: the same bits on every machine, unlike the C library's.
template <class N> HD void sincos_of(N angle, N& sine, N& cosine) {
  sincos_of_turns(N(angle * Scalar<N>(0.5 / pi)), sine, cosine);
}

// The angle in [-pi, pi). 2 pi is taken off in two parts (6.28125 has few bits, so its multiples are exact).
template <class N> HD N wrapped(N angle) {
  using S = Scalar<N>;
  const N turns = std::floor((angle + S(pi)) * S(0.5 / pi));
  return (angle - turns * S(6.28125)) - turns * S(2 * pi - 6.28125);
}

}  // namespace torsor::TORSOR_ISA
