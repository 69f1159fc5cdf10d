// RepeatPrevious of POPGym (Morad et al. 2023): one of four symbols is shown at every step, the action is to be the one of k steps ago.
// Without a memory a quarter of the answers is right, whatever the policy.
#pragma once
#include "math/philox.h"
#include "step.h"

namespace torsor::TORSOR_ISA {

// State: the step, and a seed of two times 24 bits, which a float holds exactly; symbols are f(seed, step), independent and uniform.
template <int K> struct RepeatPrevious {
  static constexpr int symbols = 4;
  static constexpr int observation_size = symbols, action_size = symbols, state_size = 3, noise_size = 2;
  static constexpr int max_steps = 32 + K;  // 32 answers count, whatever K
  static constexpr bool discrete = true;
  static constexpr double observation_low[] = {0, 0, 0, 0}, observation_high[] = {1, 1, 1, 1};
  static constexpr double action_low[] = {0}, action_high[] = {symbols - 1};

  template <class N> static HD int symbol(const N* state, int step) {
    const uint64_t seed = uint64_t(state[1]) << 32 | uint64_t(state[2]);
    return int(philox<float>({{uint32_t(step), 0, 0, 0}}, seed).word[0] % symbols);
  }

  template <class N> static HD void reset(N* state, const N* uniform) {
    state[0] = 0;
    for (int i = 0; i < 2; i++) state[1 + i] = std::floor(uniform[i] * Scalar<N>(16777215));
  }

  template <class N> static HD void observe(const N* state, N* observation) {
    const int shown = symbol(state, int(state[0]));
    for (int i = 0; i < symbols; i++) observation[i] = N(i == shown);
  }

  // Right answers of an episode add up to 1.
  template <class N> static HD EnvironmentStep<N> step(N* state, const N* action) {
    const int now = int(state[0]);
    state[0] += 1;
    const bool right = now >= K && int(action[0]) == symbol(state, now - K);
    return {right ? N(1) / N(max_steps - K) : N(0), false};
  }
};

// Names are literals, so each K that can be created is a struct.
struct RepeatPrevious1 : RepeatPrevious<1> {
  static constexpr const char* name = "RepeatPrevious-k1";
};

struct RepeatPrevious2 : RepeatPrevious<2> {
  static constexpr const char* name = "RepeatPrevious-k2";
};

struct RepeatPrevious4 : RepeatPrevious<4> {
  static constexpr const char* name = "RepeatPrevious-k4";
};

struct RepeatPrevious8 : RepeatPrevious<8> {
  static constexpr const char* name = "RepeatPrevious-k8";
};

}  // namespace torsor::TORSOR_ISA
