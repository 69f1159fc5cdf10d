// Environments whose velocities are hidden: what moves, and how fast, has to be remembered.
#pragma once
#include "cartpole.h"
#include "pendulum.h"

namespace torsor::TORSOR_ISA {

// Observation: position of the cart (m) and angle of the pole (rad).
struct CartPoleMasked : CartPole {
  static constexpr const char* name = "CartPoleMasked-v1";
  static constexpr int observation_size = 2;
  static constexpr double observation_high[] = {CartPole::observation_high[0], CartPole::observation_high[2]};
  static constexpr double observation_low[] = {CartPole::observation_low[0], CartPole::observation_low[2]};

  template <class N> static HD void observe(const N* state, N* observation) {
    observation[0] = state[0];
    observation[1] = state[2];
  }
};

// Observation: cosine and sine of the angle.
struct PendulumMasked : Pendulum {
  static constexpr const char* name = "PendulumMasked-v1";
  static constexpr int observation_size = 2;
  static constexpr double observation_low[] = {-1, -1}, observation_high[] = {1, 1};

  template <class N> static HD void observe(const N* state, N* observation) {
    sincos_of(state[0], observation[1], observation[0]);
  }
};

}  // namespace torsor::TORSOR_ISA
