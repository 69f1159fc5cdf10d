// MountainCar-v0 and MountainCarContinuous-v0 of Gymnasium: a car in a valley, too weak to drive straight up, has to swing. Moore 1990.
#pragma once
#include "step.h"

namespace torsor::TORSOR_ISA {

// State and observation: position and velocity. Observation limits of both versions.
struct ValleyCar {
  static constexpr int observation_size = 2, state_size = 2, noise_size = 1;
  static constexpr double lowest = -1.2, highest = 0.6, max_speed = 0.07, gravity = 0.0025;
  static constexpr double observation_low[] = {lowest, -max_speed}, observation_high[] = {highest, max_speed};

  template <class N> static HD void reset(N* state, const N* uniform) {
    state[0] = between(Scalar<N>(-0.6), Scalar<N>(-0.4), uniform[0]);
    state[1] = 0;
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    for (int i = 0; i < observation_size; i++) observation[i] = state[i];
  }

  // Whether the car is at the goal and not rolling back.
  template <class N> static HD bool drive(N* state, N thrust, double goal) {
    using S = Scalar<N>;
    N sine, cosine;
    sincos_of(S(3) * state[0], sine, cosine);
    state[1] = clip(S(max_speed), state[1] + thrust - S(gravity) * cosine);
    const N position = state[0] + state[1];
    state[0] = position < S(lowest) ? S(lowest) : position > S(highest) ? S(highest) : position;
    if (state[0] == S(lowest) && state[1] < 0) state[1] = 0;  // the wall on the left
    return state[0] >= S(goal) && state[1] >= 0;
  }
};

// Actions: push left (0), nothing (1), push right (2). Reward -1 a step.
struct MountainCar : ValleyCar {
  static constexpr const char* name = "MountainCar-v0";
  static constexpr int action_size = 3, max_steps = 200;
  static constexpr bool discrete = true;
  static constexpr double force = 0.001, goal = 0.5;
  static constexpr double action_low[] = {0}, action_high[] = {2};

  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    return {N(-1), drive(state, N((action[0] - 1) * S(force)), goal)};
  }
};

// Action: force from -1 to 1, which costs a tenth of its square. 100 for the goal.
struct MountainCarContinuous : ValleyCar {
  static constexpr const char* name = "MountainCarContinuous-v0";
  static constexpr int action_size = 1, max_steps = 999;
  static constexpr bool discrete = false;
  static constexpr double power = 0.0015, goal = 0.45;
  static constexpr double action_low[] = {-1}, action_high[] = {1};

  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    const N force = clip(S(1), action[0]);
    const bool arrived = drive(state, N(force * S(power)), goal);
    return {(arrived ? N(100) : N(0)) - S(0.1) * force * force, arrived};
  }
};

}  // namespace torsor::TORSOR_ISA
