// See vector_environment.h.
#include "vector_environment.h"

#include <algorithm>

#include "list.h"

namespace torsor {

using scalar::Environments;

namespace {

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
      state_(int64_t(count) * info().state_size),
      steps_(count),
      episodes_(count),
      ended_(count),
      total_(1) {
  std::fill_n(episodes_.data(), count, -1);  // the first is number 0
  rows_ = {environment,
           count,
           info().observation_size,
           info().discrete ? 1 : info().action_size,
           seed,
           counter,
           stream,
           state_.data(),
           steps_.data(),
           episodes_.data(),
           ended_.data()};
  reset();
}

void VectorEnvironment::read_state(float* state, int32_t* steps, int32_t* episodes) const {
  std::copy_n(state_.data(), state_.size(), state);
  std::copy_n(steps_.data(), steps_.size(), steps);
  std::copy_n(episodes_.data(), episodes_.size(), episodes);
}

void VectorEnvironment::write_state(const float* state, const int32_t* steps, const int32_t* episodes) {
  std::copy_n(state, state_.size(), state_.data());
  std::copy_n(steps, steps_.size(), steps_.data());
  std::copy_n(episodes, episodes_.size(), episodes_.data());
}

}  // namespace torsor
