// Native environments on the CPU, compiled once for every machine: an instruction set of its own would round its own way, and trajectories are to
// be the same everywhere.
#include "device/environments.h"

#include <algorithm>

#include "envs/row.h"

namespace torsor {

using namespace scalar;

static void reset(const EnvironmentRows& e, int first, int rows) {
  Environments::visit(e.environment, [&](auto member) {
    for (int row = first; row < first + rows; row++) start_episode<decltype(member)>(e, row);
  });
}

static void step(const EnvironmentRows& e, const EnvironmentArrays& arrays, int first, int rows) {
  Environments::visit(e.environment, [&](auto member) {
    for (int row = first; row < first + rows; row++) step_row<decltype(member)>(e, arrays, row);
  });
}

static void observe(const EnvironmentRows& e, float* observation, int first, int rows) {
  Environments::visit(e.environment, [&](auto member) {
    for (int row = first; row < first + rows; row++) observe_row<decltype(member)>(e, observation, row);
  });
}

static void take_episodes(const EnvironmentRows& e, EpisodeSums* total) {
  *total = {};
  for (int first = 0; first < e.count; first += episode_group)
    add_episodes(*total, take_rows(e.ended, first, std::min(episode_group, e.count - first)));
}

const EnvironmentKernels& environment_kernels() {
  static constexpr EnvironmentKernels table = {reset, step, observe, take_episodes};
  return table;
}

}  // namespace torsor
