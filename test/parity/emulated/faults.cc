// See faults.h.
#include "faults.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sstream>

namespace faults {

static std::mutex mutex;
static std::atomic<cudaError_t> ends[most_gpus];

// How many times `kind` has been asked since this fault was set, and when it is to happen; 0: it is not.
static int count_of(const char* kind, int& when) {
  const std::lock_guard<std::mutex> lock(mutex);
  static std::string fault;
  static int count = 0;
  const char* const text = std::getenv("TORSOR_EMULATED_FAULT");
  const std::string now = text ? text : "";
  if (now != fault) count = 0;
  fault = now;
  const std::string prefix = std::string(kind) + " ";
  when = fault.rfind(prefix, 0) == 0 ? std::atoi(fault.c_str() + prefix.size()) : 0;
  return when ? ++count : 0;
}

float elapsed_time() {
  const std::lock_guard<std::mutex> lock(mutex);
  static std::string times;
  static size_t next = 0;
  const char* const text = std::getenv("TORSOR_EMULATED_TIMES");
  const std::string now = text ? text : "";
  if (now != times) next = 0;
  times = now;
  std::istringstream numbers(times);
  float time = 1;
  for (size_t k = 0; k <= next && numbers >> time; k++) {}
  next++;
  return time;
}

bool of_this_allocation() {
  int when = 0;
  const int count = count_of("allocation", when);
  return when > 0 && count >= when;
}

Launch of_this_launch() {
  int when = 0;
  if (count_of("launch", when) == when && when > 0) return Launch::refused;
  if (count_of("lost", when) == when && when > 0) return Launch::astray;
  return Launch::runs;
}

cudaError_t lost(int gpu) { return ends[gpu]; }
void lose(int gpu, cudaError_t error) { ends[gpu] = error; }

void event(const std::string& word) {
  const char* const name = std::getenv("TORSOR_EMULATED_EVENTS");
  std::FILE* const file = name && *name ? std::fopen(name, "a") : nullptr;
  if (!file) return;
  std::fprintf(file, "%s\n", word.c_str());
  std::fclose(file);
}

}  // namespace faults
