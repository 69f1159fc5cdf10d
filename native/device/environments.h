// Native environments on the device: their arrays, and the kernels that go over rows of them. The formulas are in envs/.
#pragma once
#include <cstdint>

namespace torsor {

// Sums over episodes that ended.
struct EpisodeSums {
  int64_t count = 0;
  double return_sum = 0, length_sum = 0;
};

// Sums are formed per group of rows and then added in order: the same bits on every device, whatever the threads.
constexpr int episode_group = 64;

// Copies of one environment. All arrays are the device's.
struct EnvironmentRows {
  int environment;  // index in Environments
  int count, observation_size;
  int action_size;  // numbers of an action: 1 where it is an index
  uint64_t seed, counter;
  uint32_t stream;
  float* state;               // [count][...]: physical coordinates, and last the return of the running episode
  int32_t *steps, *episodes;  // [count]: steps of the running episode; its number, from 0
  EpisodeSums* ended;         // [count]
};

// Arrays of one step, row-major; pointers are to row 0 of all environments, whatever range is stepped.
struct EnvironmentArrays {
  const float* action;       // [count][action_size], or null when discrete
  const int32_t* choice;     // [count], or null
  float* observation;        // [count][observation_size]: after an end, the first of the next episode
  float* reward;             // [count]
  uint8_t* terminated;       // [count]: 0 or 1
  uint8_t* truncated;        // [count]; both may be 1
  float* final_observation;  // [count][observation_size]: written only in rows where an episode ended
  bool counted;              // whether episodes that end go into the sums
};

// Rows first ... first + rows - 1; calls on ranges that do not overlap may run at the same time.
struct EnvironmentKernels {
  void (*reset)(const EnvironmentRows&, int first, int rows);
  void (*step)(const EnvironmentRows&, const EnvironmentArrays&, int first, int rows);
  void (*observe)(const EnvironmentRows&, float* observation, int first, int rows);  // to row 0 of all
  // Adds up what has ended, groups of rows in order, and starts again from nothing.
  void (*take_episodes)(const EnvironmentRows&, EpisodeSums* total);
};

const EnvironmentKernels& environment_kernels();

}  // namespace torsor
