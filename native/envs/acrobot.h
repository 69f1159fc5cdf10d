// Acrobot-v1 of Gymnasium: two links hang from a pivot, a motor at the joint between them has to swing the tip up. Sutton 1996, with the
// equations of Sutton and Barto's book.
#pragma once
#include "step.h"

namespace torsor::TORSOR_ISA {

// State: angle of the first link from hanging (rad), of the second relative to the first, and their velocities (rad/s). Observation: cosine and
// sine of both angles, the velocities. Actions: torque -1, 0, 1 N m. Reward -1 a step, 0 for the last one.
struct Acrobot {
  static constexpr const char* name = "Acrobot-v1";
  static constexpr int observation_size = 6, action_size = 3, state_size = 4, noise_size = 4, max_steps = 500;
  static constexpr bool discrete = true;

  static constexpr double mass = 1, length = 1, centre = 0.5, inertia = 1, gravity = 9.8, dt = 0.2;  // of either link
  static constexpr double observation_high[] = {1, 1, 1, 1, 4 * pi, 9 * pi};
  static constexpr double observation_low[] = {-1, -1, -1, -1, -4 * pi, -9 * pi};
  static constexpr double action_low[] = {0}, action_high[] = {2};

  template <class N> static HD void reset(N* state, const N* uniform) {
    for (int i = 0; i < state_size; i++) state[i] = between(Scalar<N>(-0.1), Scalar<N>(0.1), uniform[i]);
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    for (int link = 0; link < 2; link++) {
      sincos_of(state[link], observation[2 * link + 1], observation[2 * link]);
      observation[4 + link] = state[2 + link];
    }
  }

  template <class N> static HD void derivative(const N* state, N torque, N* rate) {
    using S = Scalar<N>;
    N sine2, cosine2, sine1, cosine1, sine, cosine;
    sincos_of(state[0], sine1, cosine1);
    sincos_of(state[1], sine2, cosine2);
    sincos_of(N(state[0] + state[1]), sine, cosine);
    const N spin1 = state[2], spin2 = state[3], coupling = S(mass * length * centre);
    const N d1 =
        S(mass * centre * centre + mass * (length * length + centre * centre) + 2 * inertia) + 2 * coupling * cosine2;
    const N d2 = S(mass * centre * centre + inertia) + coupling * cosine2;
    const N phi2 = S(mass * centre * gravity) * sine;
    const N phi1 =
        -coupling * spin2 * (spin2 + 2 * spin1) * sine2 + S((mass * centre + mass * length) * gravity) * sine1 + phi2;
    rate[0] = spin1;
    rate[1] = spin2;
    rate[3] = (torque + d2 / d1 * phi1 - coupling * spin1 * spin1 * sine2 - phi2) /
              (S(mass * centre * centre + inertia) - d2 * d2 / d1);
    rate[2] = -(d2 * rate[3] + phi1) / d1;
  }

  // One step of the classical Runge-Kutta method.
  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    const N torque = action[0] - 1;
    N rate[state_size], sum[state_size], at[state_size];
    for (int i = 0; i < state_size; i++) {
      sum[i] = 0;
      at[i] = state[i];
    }
    constexpr double reach[] = {dt / 2, dt / 2, dt, 0}, weight[] = {dt / 6, dt / 3, dt / 3, dt / 6};
    for (int stage = 0; stage < 4; stage++) {
      derivative(at, torque, rate);
      for (int i = 0; i < state_size; i++) {
        sum[i] += S(weight[stage]) * rate[i];
        at[i] = state[i] + S(reach[stage]) * rate[i];
      }
    }
    for (int link = 0; link < 2; link++) {
      state[link] = wrapped(N(state[link] + sum[link]));
      state[2 + link] = clip(S(link ? 9 * pi : 4 * pi), N(state[2 + link] + sum[2 + link]));
    }
    N sine, cosine1, cosine;
    sincos_of(state[0], sine, cosine1);
    sincos_of(N(state[0] + state[1]), sine, cosine);
    const bool up = -cosine1 - cosine > 1;
    return {up ? N(0) : N(-1), up};
  }
};

}  // namespace torsor::TORSOR_ISA
