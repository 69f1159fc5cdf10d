// Steps, resets and observes rows of environments; every loop over rows of an environment is here.
#include "vector_environment.h"

#include <algorithm>

#include "list.h"

namespace torsor {

using scalar::Environments;

namespace {

// "Rese", where the noise of a policy has the number of a block: the same key serves both, and they share no bits.
constexpr uint32_t reset_tag = 0x52657365;

template <class E> EnvironmentInfo describe() {
  const auto all = [](const auto& limits) { return std::vector<double>(std::begin(limits), std::end(limits)); };
  return {
      E::name,           E::observation_size,     E::action_size,           E::discrete,        E::max_steps,
      E::state_size + 1, all(E::observation_low), all(E::observation_high), all(E::action_low), all(E::action_high)};
}

}  // namespace

const std::vector<EnvironmentInfo>& environments() {
  static const std::vector<EnvironmentInfo> list = [] {
    std::vector<EnvironmentInfo> infos;
    for (int i = 0; i < Environments::size; i++)
      Environments::visit(i, [&](auto member) { infos.push_back(describe<decltype(member)>()); });
    return infos;
  }();
  return list;
}

int find_environment(const std::string& name) {
  for (int i = 0; i < Environments::size; i++)
    if (name == Environments::names[i]) return i;
  return -1;
}

VectorEnvironment::VectorEnvironment(int environment, int count, uint64_t seed, uint32_t stream, uint64_t counter)
    : environment_(environment),
      count_(count),
      state_size_(info().state_size),
      seed_(seed),
      counter_(counter),
      stream_(stream),
      state_(size_t(count) * state_size_),
      steps_(count),
      episodes_(count, -1),
      ended_(count) {
  reset();
}

template <class E> void VectorEnvironment::start_episode(int row) {
  steps_[row] = 0;
  const uint64_t counter = counter_ + uint64_t(++episodes_[row]);
  float noise[(E::noise_size + 3) / 4 * 4];
  for (int i = 0; i < E::noise_size; i += 4) {
    const auto block = scalar::philox<float>({{uint32_t(row), reset_tag + uint32_t(i / 4), uint32_t(counter),
                                               stream_ << 16 | uint32_t(counter >> 32 & 0xffff)}},
                                             seed_);
    for (int j = 0; j < 4; j++) noise[i + j] = scalar::uniform<float>(block.word[j]);
  }
  float* state = &state_[size_t(row) * state_size_];
  E::template reset<float>(state, noise);
  state[E::state_size] = 0;
}

void VectorEnvironment::reset() {
  Environments::visit(environment_, [&](auto member) {
    for (int row = 0; row < count_; row++) start_episode<decltype(member)>(row);
  });
}

template <class E> void VectorEnvironment::step_rows(int first, int rows, const EnvironmentArrays& arrays) {
  for (int row = first; row < first + rows; row++) {
    float* state = &state_[size_t(row) * state_size_];
    float* observation = arrays.observation + size_t(row) * E::observation_size;
    scalar::EnvironmentStep<float> result;
    if constexpr (E::discrete) {
      const float choice = float(static_cast<const int32_t*>(arrays.action)[row]);
      result = E::template step<float>(state, &choice);
    } else {
      result = E::template step<float>(state, static_cast<const float*>(arrays.action) + size_t(row) * E::action_size);
    }
    const bool truncated = ++steps_[row] >= E::max_steps;
    state[E::state_size] += result.reward;
    arrays.reward[row] = result.reward;
    arrays.terminated[row] = result.terminated;
    arrays.truncated[row] = truncated;
    E::template observe<float>(state, observation);
    if (result.terminated || truncated) {
      std::copy_n(observation, E::observation_size, arrays.final_observation + size_t(row) * E::observation_size);
      ended_[row].count++;
      ended_[row].return_sum += state[E::state_size];
      ended_[row].length_sum += steps_[row];
      start_episode<E>(row);
      E::template observe<float>(state, observation);
    }
  }
}

void VectorEnvironment::step(int first, int rows, const EnvironmentArrays& arrays) {
  Environments::visit(environment_, [&](auto member) { step_rows<decltype(member)>(first, rows, arrays); });
}

void VectorEnvironment::observe(int first, int rows, float* observation) const {
  Environments::visit(environment_, [&](auto member) {
    using E = decltype(member);
    for (int row = first; row < first + rows; row++)
      E::template observe<float>(&state_[size_t(row) * state_size_], observation + size_t(row) * E::observation_size);
  });
}

EpisodeSums VectorEnvironment::take_episodes() {
  EpisodeSums sums;
  for (EpisodeSums& row : ended_) {
    sums.count += row.count;
    sums.return_sum += row.return_sum;
    sums.length_sum += row.length_sum;
    row = {};
  }
  return sums;
}

void VectorEnvironment::read_state(float* state, int32_t* steps, int32_t* episodes) const {
  std::copy(state_.begin(), state_.end(), state);
  std::copy(steps_.begin(), steps_.end(), steps);
  std::copy(episodes_.begin(), episodes_.end(), episodes);
}

void VectorEnvironment::write_state(const float* state, const int32_t* steps, const int32_t* episodes) {
  std::copy_n(state, state_.size(), state_.begin());
  std::copy_n(steps, steps_.size(), steps_.begin());
  std::copy_n(episodes, episodes_.size(), episodes_.begin());
}

}  // namespace torsor
