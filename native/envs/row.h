// One row of native environments: the start of an episode, a step with autoreset, an observation. Threads of the CPU and of a GPU call the same
// functions, a row each.
#pragma once
#include "device/environments.h"
#include "envs/list.h"

namespace torsor::TORSOR_ISA {

// "Rese", where the noise of a policy has the number of a block: the same key serves both, and they share no bits.
constexpr uint32_t reset_tag = 0x52657365;

template <class E> HD float* state_of(const EnvironmentRows& e, int row) {
  return e.state + int64_t(row) * (E::state_size + 1);
}

// The state of a new episode is f(seed, stream, row, counter + episode number): it depends neither on threads nor on what other rows do.
template <class E> HD void start_episode(const EnvironmentRows& e, int row) {
  e.steps[row] = 0;
  const uint64_t counter = e.counter + uint64_t(++e.episodes[row]);
  float noise[(E::noise_size + 3) / 4 * 4];
  UNROLL for (int i = 0; i < E::noise_size; i += 4) {
    const auto block = philox<float>({{uint32_t(row), reset_tag + uint32_t(i / 4), uint32_t(counter),
                                       e.stream << 16 | uint32_t(counter >> 32 & 0xffff)}},
                                     e.seed);
    UNROLL for (int j = 0; j < 4; j++) noise[i + j] = uniform<float>(block.word[j]);
  }
  float* state = state_of<E>(e, row);
  E::template reset<float>(state, noise);
  state[E::state_size] = 0;
}

template <class E> HD void observe_row(const EnvironmentRows& e, float* observation, int row) {
  E::template observe<float>(state_of<E>(e, row), observation + int64_t(row) * E::observation_size);
}

template <class E> HD void step_row(const EnvironmentRows& e, const EnvironmentArrays& arrays, int row) {
  float* state = state_of<E>(e, row);
  EnvironmentStep<float> result;
  if constexpr (E::discrete) {
    const float choice = float(arrays.choice[row]);
    result = E::template step<float>(state, &choice);
  } else {
    result = E::template step<float>(state, arrays.action + int64_t(row) * E::action_size);
  }
  const bool truncated = ++e.steps[row] >= E::max_steps;
  state[E::state_size] += result.reward;
  arrays.reward[row] = result.reward;
  arrays.terminated[row] = result.terminated;
  arrays.truncated[row] = truncated;
  if (result.terminated || truncated) {
    observe_row<E>(e, arrays.final_observation, row);
    if (arrays.counted) {
      EpisodeSums& ended = e.ended[row];
      ended.count++;
      ended.return_sum += state[E::state_size];
      ended.length_sum += e.steps[row];
    }
    start_episode<E>(e, row);
  }
  observe_row<E>(e, arrays.observation, row);
}

// What has ended in rows first ... first + rows - 1, which start again from nothing.
HD EpisodeSums take_rows(EpisodeSums* ended, int first, int rows) {
  EpisodeSums sums;
  for (int row = first; row < first + rows; row++) {
    sums.count += ended[row].count;
    sums.return_sum += ended[row].return_sum;
    sums.length_sum += ended[row].length_sum;
    ended[row] = {};
  }
  return sums;
}

HD void add_episodes(EpisodeSums& total, const EpisodeSums& more) {
  total.count += more.count;
  total.return_sum += more.return_sum;
  total.length_sum += more.length_sum;
}

}  // namespace torsor::TORSOR_ISA
