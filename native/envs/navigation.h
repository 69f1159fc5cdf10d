// Agents on a plane, each on its way to a place of its own; one policy steers all of them at once. Ours.
#pragma once
#include "step.h"

namespace torsor::TORSOR_ISA {

// Of each agent in turn. State: position, velocity and target, two coordinates each; targets lie in [-1, 1]^2. Observation: position, velocity, and
// the way to the target. Action: acceleration, of length 1 at most (longer ones are shortened). Reward: minus the mean distance to the targets,
// and minus a tenth for every pair of agents closer than `reach`. Never terminates.
template <int Agents> struct Navigation {
  static constexpr int per_agent = 6;
  static constexpr int observation_size = per_agent * Agents, action_size = 2 * Agents, state_size = per_agent * Agents;
  static constexpr int noise_size = 4 * Agents, max_steps = 100;
  static constexpr bool discrete = false;
  static constexpr double dt = 0.1, drag = 0.5, wall = 2, reach = 0.2, collision = 0.1;
  static constexpr double max_speed = 1 / drag;  // where drag and full acceleration cancel

  struct Limits {
    double low[observation_size], high[observation_size], action_low[action_size], action_high[action_size];
    constexpr Limits() : low(), high(), action_low(), action_high() {
      constexpr double most[] = {wall, wall, max_speed, max_speed, wall + 1, wall + 1};
      for (int i = 0; i < observation_size; i++) low[i] = -(high[i] = most[i % per_agent]);
      for (int i = 0; i < action_size; i++) action_low[i] = -(action_high[i] = 1);
    }
  };
  static constexpr Limits limits{};
  static constexpr auto &observation_low = limits.low, &observation_high = limits.high;
  static constexpr auto &action_low = limits.action_low, &action_high = limits.action_high;

  template <class N> static HD void reset(N* state, const N* uniform) {
    for (int a = 0; a < Agents; a++)
      for (int i = 0; i < 2; i++) {
        N* const agent = state + per_agent * a;
        agent[i] = between(Scalar<N>(-1), Scalar<N>(1), uniform[4 * a + i]);
        agent[2 + i] = 0;
        agent[4 + i] = between(Scalar<N>(-1), Scalar<N>(1), uniform[4 * a + 2 + i]);
      }
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    for (int k = 0; k < state_size; k++) observation[k] = k % per_agent < 4 ? state[k] : state[k] - state[k - 4];
  }

  template <class N> static HD N distance(N x, N y) { return std::sqrt(x * x + y * y); }

  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    using S = Scalar<N>;
    N reward = 0;
    for (int a = 0; a < Agents; a++) {
      N* const agent = state + per_agent * a;
      const N x = clip(S(1), action[2 * a]), y = clip(S(1), action[2 * a + 1]), size = distance(x, y);
      const N push[] = {size > 1 ? x / size : x, size > 1 ? y / size : y};
      for (int i = 0; i < 2; i++) {
        agent[2 + i] = clip(S(max_speed), N(agent[2 + i] + S(dt) * (push[i] - S(drag) * agent[2 + i])));
        agent[i] = clip(S(wall), N(agent[i] + S(dt) * agent[2 + i]));
      }
      reward -= distance(agent[4] - agent[0], agent[5] - agent[1]) * S(1.0 / Agents);
    }
    for (int a = 0; a < Agents; a++)
      for (int b = 0; b < a; b++) {
        const N *one = state + per_agent * a, *other = state + per_agent * b;
        if (distance(one[0] - other[0], one[1] - other[1]) < S(reach)) reward -= S(collision);
      }
    return {reward, false};
  }
};

struct Navigation1 : Navigation<1> {
  static constexpr const char* name = "Navigation-a1";
};
struct Navigation4 : Navigation<4> {
  static constexpr const char* name = "Navigation-a4";
};

}  // namespace torsor::TORSOR_ISA
