// Native environments on CUDA, one thread per row.
#include "device/cuda/call.h"
#include "device/cuda/each.h"
#include "device/cuda/launch.h"
#include "envs/row.h"

namespace torsor::TORSOR_ISA {

__global__ void reset_environments(const EnvironmentRows e, int first, int rows) {
  each(rows, [&](int64_t k) {
    Environments::visit(e.environment, [&](auto member) { start_episode<decltype(member)>(e, first + int(k)); });
  });
}

__global__ void step_environments(const EnvironmentRows e, const EnvironmentArrays arrays, int first, int rows) {
  each(rows, [&](int64_t k) {
    Environments::visit(e.environment, [&](auto member) { step_row<decltype(member)>(e, arrays, first + int(k)); });
  });
}

__global__ void observe_environments(const EnvironmentRows e, float* observation, int first, int rows) {
  each(rows, [&](int64_t k) {
    Environments::visit(e.environment,
                        [&](auto member) { observe_row<decltype(member)>(e, observation, first + int(k)); });
  });
}

__global__ void take_groups(EpisodeSums* ended, int count, int groups, EpisodeSums* sums) {
  each(groups, [&](int64_t group) {
    const int first = int(group) * episode_group;
    sums[group] = take_rows(ended, first, min(episode_group, count - first));
  });
}

__global__ void add_groups(const EpisodeSums* sums, int groups, EpisodeSums* total) {
  each(1, [&](int64_t) {
    EpisodeSums all;
    for (int group = 0; group < groups; group++) add_episodes(all, sums[group]);
    *total = all;
  });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor {

static void reset(const EnvironmentRows& e, int first, int rows) {
  Call call("a reset of environments");
  launch_each("reset_environments", TORSOR_ISA::reset_environments, rows, e, first, rows);
  call.finish();
}

static void step(const EnvironmentRows& e, const EnvironmentArrays& given, int first, int rows) {
  Call call("a step of environments");
  EnvironmentArrays arrays = given;
  const int64_t width = e.observation_size;
  call.reads(arrays.action, int64_t(first) * e.action_size, int64_t(rows) * e.action_size);
  call.reads(arrays.choice, first, rows);
  call.writes(arrays.observation, first * width, rows * width);
  call.writes(arrays.reward, first, rows);
  call.writes(arrays.terminated, first, rows);
  call.writes(arrays.truncated, first, rows);
  call.updates(arrays.final_observation, first * width, rows * width);
  launch_each("step_environments", TORSOR_ISA::step_environments, rows, e, arrays, first, rows);
  call.finish();
}

static void observe(const EnvironmentRows& e, float* observation, int first, int rows) {
  Call call("an observation of environments");
  const int64_t width = e.observation_size;
  call.writes(observation, first * width, rows * width);
  launch_each("observe_environments", TORSOR_ISA::observe_environments, rows, e, observation, first, rows);
  call.finish();
}

static void take_episodes(const EnvironmentRows& e, EpisodeSums* total) {
  Call call("a sum over episodes");
  const int groups = (e.count + episode_group - 1) / episode_group;
  EpisodeSums* const sums = call.scratch<EpisodeSums>(groups);
  launch_each("take_groups", TORSOR_ISA::take_groups, groups, e.ended, e.count, groups, sums);
  launch_each("add_groups", TORSOR_ISA::add_groups, 1, sums, groups, total);
  call.finish();
}

const EnvironmentKernels& environment_kernels() {
  static constexpr EnvironmentKernels table = {reset, step, observe, take_episodes};
  return table;
}

}  // namespace torsor
