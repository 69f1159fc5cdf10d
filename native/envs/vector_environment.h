// Many copies of one environment, stepped in place. Knows no threads: a caller may split the rows among its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

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

// Arrays of one step, row-major; pointers are to row 0 of all environments, whatever range is stepped.
struct EnvironmentArrays {
  const void* action;        // float [count][action_size], or int32_t [count] when discrete
  float* observation;        // [count][observation_size]: after an end, the first of the next episode
  float* reward;             // [count]
  uint8_t* terminated;       // [count]: 0 or 1
  uint8_t* truncated;        // [count]; both may be 1
  float* final_observation;  // [count][observation_size]: written only in rows where an episode ended
};

// Sums over episodes that ended.
struct EpisodeSums {
  int64_t count = 0;
  double return_sum = 0, length_sum = 0;
};

// Same-step autoreset. The state of a new episode is f(seed, stream, row, counter + episode number), Philox as
// everywhere: it depends neither on threads nor on what other rows do.
class VectorEnvironment {
 public:
  VectorEnvironment(int environment, int count, uint64_t seed, uint32_t stream, uint64_t counter);

  const EnvironmentInfo& info() const { return environments()[environment_]; }
  int count() const { return count_; }

  // Ends every running episode, unfinished and uncounted, and starts the next.
  void reset();

  // Steps rows first .. first + rows. Calls on ranges that do not overlap may run at the same time.
  void step(int first, int rows, const EnvironmentArrays& arrays);

  // The current observation of rows first .. first + rows, to row 0 of all.
  void observe(int first, int rows, float* observation) const;

  // What ended since the last call, added up in the order of rows: equal bits whatever the threads.
  EpisodeSums take_episodes();

  // [count][state_size], [count], [count]: all there is to continue from, beside the seed.
  void read_state(float* state, int32_t* steps, int32_t* episodes) const;
  void write_state(const float* state, const int32_t* steps, const int32_t* episodes);

 private:
  template <class E> void step_rows(int first, int rows, const EnvironmentArrays& arrays);
  template <class E> void start_episode(int row);

  int environment_, count_, state_size_;
  uint64_t seed_, counter_;
  uint32_t stream_;
  std::vector<float> state_;
  std::vector<int32_t> steps_, episodes_;  // steps of the running episode; its number, from 0
  std::vector<EpisodeSums> ended_;         // one a row
};

}  // namespace torsor
