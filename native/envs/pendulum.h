// Pendulum-v1 of Gymnasium: swing a pendulum up and hold it there with a weak motor. Never terminates, only truncates.
#pragma once
#include "step.h"

namespace torsor::TORSOR_ISA {

// State: angle from upright (rad) and angular velocity (rad/s). Observation: cosine, sine, angular velocity. Action:
// torque (N m).
struct Pendulum {
  static constexpr const char* name = "Pendulum-v1";
  static constexpr int observation_size = 3, action_size = 1, state_size = 2, noise_size = 2, max_steps = 200;
  static constexpr bool discrete = false;

  static constexpr double gravity = 10, mass = 1, length = 1, dt = 0.05, max_torque = 2, max_speed = 8;

  static constexpr double observation_low[] = {-1, -1, -max_speed}, observation_high[] = {1, 1, max_speed};
  static constexpr double action_low[] = {-max_torque}, action_high[] = {max_torque};

  template <class N> static HD void reset(N* state, const N* uniform) {
    state[0] = between(Scalar<N>(-pi), Scalar<N>(pi), uniform[0]);
    state[1] = between(Scalar<N>(-1), Scalar<N>(1), uniform[1]);
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    sincos_of(state[0], observation[1], observation[0]);
    observation[2] = state[1];
  }

  // The reward is that of the state before the step. Gymnasium lets the angle grow; it is wrapped here, because a float
  // near 0 is finer.
  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    const N angle = wrapped(state[0]), spin = state[1];
    const N torque = clip(S(max_torque), action[0]);
    N sine, cosine;
    sincos_of(angle, sine, cosine);
    const N cost = angle * angle + S(0.1) * spin * spin + S(0.001) * torque * torque;
    const N spin_rate = S(3 * gravity / (2 * length)) * sine + S(3 / (mass * length * length)) * torque;
    state[1] = clip(S(max_speed), spin + S(dt) * spin_rate);
    state[0] = angle + S(dt) * state[1];
    return {-cost, false};
  }
};

}  // namespace torsor::TORSOR_ISA
