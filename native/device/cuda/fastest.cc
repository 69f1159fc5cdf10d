// See fastest.h.
#include "device/cuda/fastest.h"

#include <algorithm>
#include <cmath>

#include "device/cuda/deferral.h"
#include "device/cuda/graph.h"
#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor {

// After one that loads kernels and takes memory. The fastest of them counts: whatever disturbs a run makes it longer.
constexpr int measured_runs = 3;

namespace {

// Of the work that a stream has done between start and stop.
class Stopwatch {
 public:
  Stopwatch() {
    for (cudaEvent_t* event : {&start_, &stop_})
      check(cudaEventCreateWithFlags(event, cudaEventBlockingSync), "a clock");
  }
  ~Stopwatch() {
    for (cudaEvent_t event : {start_, stop_})
      if (event) cudaEventDestroy(event);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  void start() { check(cudaEventRecord(start_, cudaStreamPerThread), "starting a clock"); }
  double microseconds() {
    float milliseconds = 0;
    check(cudaEventRecord(stop_, cudaStreamPerThread), "stopping a clock");
    check(cudaEventSynchronize(stop_), "waiting for a clock");
    check(cudaEventElapsedTime(&milliseconds, start_, stop_), "reading a clock");
    return 1000.0 * double(milliseconds);
  }

 private:
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
};

}  // namespace

// With scratch memory of its own, that the next run finds again.
static void run_alone(const Way& way) {
  Call call("measuring kernels");
  way.run(call);
  call.finish();
}

// As it runs later: as a graph, where the call belongs to what is recorded and the way lets it be captured.
static double measure(const Way& way) {
  run_alone(way);
  Stopwatch watch;
  Graph graph;
  const bool recorded = Deferral::current() && Deferral::current()->recorded();
  const bool captured =
      recorded && graph.capture([](void* it) { run_alone(*static_cast<const Way*>(it)); }, const_cast<Way*>(&way));
  double best = INFINITY;
  for (int k = 0; k < measured_runs; k++) {
    watch.start();
    if (!captured || !graph.launch()) run_alone(way);
    best = std::min(best, watch.microseconds());
  }
  return best;
}

namespace {

// What a call changes in place is at the end as it is now.
class Unchanged {
 public:
  explicit Unchanged(const CallShape& shape)
      : call_("measuring kernels"),
        memory_(shape.changed),
        bytes_(size_t(shape.changed_floats) * sizeof(float)),
        copy_(memory_ ? call_.scratch<float>(shape.changed_floats) : nullptr) {
    if (memory_) check(copy(copy_, memory_), "keeping what is measured on");
  }
  ~Unchanged() {
    if (memory_) copy(memory_, copy_);
  }
  Unchanged(const Unchanged&) = delete;
  Unchanged& operator=(const Unchanged&) = delete;

 private:
  cudaError_t copy(float* to, const float* from) const {
    return cudaMemcpyAsync(to, from, bytes_, cudaMemcpyDefault, cudaStreamPerThread);
  }

  Call call_;  // waits for the copy, in the end
  float* const memory_;
  const size_t bytes_;
  float* const copy_;
};

}  // namespace

static Choice measure_all(const CallShape& call, const std::vector<Way>& ways) {
  Choice choice{call.name, call.rows, call.steps, {}, 0};
  const Unchanged unchanged(call);
  for (const Way& way : ways) {
    double time = INFINITY;
    try {
      time = measure(way);
    } catch (const Error& error) {
      // Where the first finds memory, a call does not fail for the want of that of another.
      if (choice.ways.empty() || error.code != std::string("OUT_OF_MEMORY")) throw;
    }
    choice.ways.push_back({way.name, time});
    if (time < choice.ways[size_t(choice.taken)].microseconds) choice.taken = int(choice.ways.size()) - 1;
  }
  return choice;
}

static bool can_measure(const CallShape& call) {
  if (captures()) return false;
  if (!call.gate) return true;
  synchronise("a gate");
  return !call.gate->stopped;
}

void run_fastest(Call& call, Choices* choices, const CallShape& shape, const std::vector<Way>& ways) {
  int taken = 0;
  if (choices && ways.size() > 1) {
    taken = choices->known(shape.name, shape.rows, shape.steps);
    if (taken < 0)
      taken = can_measure(shape)
                  ? choices->of(shape.name, shape.rows, shape.steps, [&] { return measure_all(shape, ways); })
                  : 0;
  }
  ways[size_t(taken)].run(call);
}

}  // namespace torsor
