// CartPole-v1 of Gymnasium: balance a pole on a cart by pushing it left (0) or right (1). Barto, Sutton and Anderson
// 1983.
#pragma once
#include "step.h"

namespace torsor::TORSOR_ISA {

// State and observation: position of the cart (m), its velocity, angle of the pole from upright (rad), angular
// velocity.
struct CartPole {
  static constexpr const char* name = "CartPole-v1";
  static constexpr int observation_size = 4, action_size = 2, state_size = 4, noise_size = 4, max_steps = 500;
  static constexpr bool discrete = true;

  static constexpr double gravity = 9.8, cart_mass = 1, pole_mass = 0.1, total_mass = cart_mass + pole_mass;
  static constexpr double half_length = 0.5, pole_moment = pole_mass * half_length, force = 10, dt = 0.02;
  static constexpr double position_limit = 2.4, angle_limit = 12 * 2 * pi / 360;

  // Twice the limits that end an episode, so that the final observation lies inside the space.
  static constexpr double observation_high[] = {2 * position_limit, HUGE_VAL, 2 * angle_limit, HUGE_VAL};
  static constexpr double observation_low[] = {-2 * position_limit, -HUGE_VAL, -2 * angle_limit, -HUGE_VAL};
  static constexpr double action_low[] = {0}, action_high[] = {1};

  template <class N> static HD void reset(N* state, const N* uniform) {
    for (int i = 0; i < state_size; i++) state[i] = between(Scalar<N>(-0.05), Scalar<N>(0.05), uniform[i]);
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    for (int i = 0; i < observation_size; i++) observation[i] = state[i];
  }

  // Euler's method with the old velocities, as Gymnasium's default integrator.
  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    const N x = state[0], velocity = state[1], angle = state[2], spin = state[3];
    const N push = action[0] == 1 ? S(force) : S(-force);
    N sine, cosine;
    sincos_of(angle, sine, cosine);
    const N thrust = (push + S(pole_moment) * spin * spin * sine) / S(total_mass);
    const N spin_rate = (S(gravity) * sine - cosine * thrust) /
                        (S(half_length) * (S(4.0 / 3.0) - S(pole_mass) * cosine * cosine / S(total_mass)));
    const N acceleration = thrust - S(pole_moment) * spin_rate * cosine / S(total_mass);
    state[0] = x + S(dt) * velocity;
    state[1] = velocity + S(dt) * acceleration;
    state[2] = angle + S(dt) * spin;
    state[3] = spin + S(dt) * spin_rate;
    const bool balanced = std::fabs(state[0]) <= S(position_limit) && std::fabs(state[2]) <= S(angle_limit);
    return {N(1), !balanced};
  }
};

}  // namespace torsor::TORSOR_ISA
