// Many copies of one environment, stepped in place on the device. Knows no threads: a caller may split the rows among its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>
#include "device/buffer.h"
#include "device/environments.h"

namespace torsor {

struct EnvironmentInfo {
  std::string name;
  int observation_size, action_size;  // action_size: dimensions, or number of choices when discrete
  bool discrete;
  int max_steps;
  int state_size;  // physical coordinates, and last the return of the running episode
  std::vector<double> observation_low, observation_high, action_low, action_high;
};

// Every native environment, in the order of the list.
const std::vector<EnvironmentInfo>& environments();

// Index in environments(), or -1.
int find_environment(const std::string& name);

// Same-step autoreset.
class VectorEnvironment {
 public:
  VectorEnvironment(int environment, int count, uint64_t seed, uint32_t stream, uint64_t counter);

  const EnvironmentInfo& info() const { return environments()[environment_]; }
  int count() const { return count_; }

  // Ends every running episode, unfinished and uncounted, and starts the next.
  void reset() { environment_kernels().reset(rows_, 0, count_); }

  // Steps rows first .. first + rows. Calls on ranges that do not overlap may run at the same time.
  void step(int first, int rows, const EnvironmentArrays& arrays) {
    environment_kernels().step(rows_, arrays, first, rows);
  }

  // The current observation of rows first .. first + rows, to row 0 of all.
  void observe(int first, int rows, float* observation) const {
    environment_kernels().observe(rows_, observation, first, rows);
  }

  // Adds up what ended since the last call, of steps that were counted; episodes() then tells it.
  void take_episodes() { environment_kernels().take_episodes(rows_, total_.data()); }
  EpisodeSums episodes() const { return total_[0]; }

  // [count][state_size], [count], [count]: all there is to continue from, beside the seed.
  void read_state(float* state, int32_t* steps, int32_t* episodes) const;
  void write_state(const float* state, const int32_t* steps, const int32_t* episodes);

 private:
  int environment_, count_;
  Array<float> state_;
  Array<int32_t> steps_, episodes_;
  Array<EpisodeSums> ended_, total_;
  EnvironmentRows rows_;  // the arrays above, as kernels are told
};

}  // namespace torsor
