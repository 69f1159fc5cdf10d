// Kernel calls of one thread, waited for together.
#include "device/recording.h"

#include "device/cuda/deferral.h"
#include "device/cuda/event.h"
#include "device/cuda/graph.h"
#include "device/cuda/runtime.h"

namespace torsor {

const bool calls_are_deferred = true;

static void enqueue_directly(void (*enqueue)(void* context), void* context) {
  try {
    enqueue(context);
  } catch (...) {
    cudaStreamSynchronize(cudaStreamPerThread);  // kernels before the failure still use their arrays
    throw;
  }
}

void run_together_items(void (*enqueue)(void* context), void* context) {
  if (Deferral::current()) return enqueue(context);
  const Deferral deferral;
  enqueue_directly(enqueue, context);
  synchronise("calls that run together");
}

// Captures that fail in a row before no more are tried: what is called has something that none may have, as a copy from memory of the process.
constexpr int most_failures = 3;

// The first run takes its scratch memory from the system, which a capture may not; from the second on it waits in the pool.
struct Recording::Kept {
  Graph graph;
  Event done;
  bool ready = false;
  int failures = 0;

  bool start(void (*enqueue)(void* context), void* context) {
    if (!ready || failures == most_failures) return false;
    const bool started = graph.capture(enqueue, context) && graph.launch();
    failures = started ? 0 : failures + 1;
    return started;
  }
};

Recording::Recording() : kept_(std::make_unique<Kept>()) {}
Recording::~Recording() = default;

void Recording::run_items(void (*enqueue)(void* context), void* context) {
  const Deferral deferral(true);
  if (!kept_->start(enqueue, context)) enqueue_directly(enqueue, context);
  kept_->ready = true;
  // A rollout or an update takes long beside the moment it takes to wake, and environments in threads want the core meanwhile.
  kept_->done.record();
  kept_->done.sleep("a recording");
}

}  // namespace torsor
