// Streams, of which every thread has one on every GPU: waiting, events, captures and graphs.
#include <algorithm>
#include <vector>

#include "machine.h"

using faults::event;

struct Graph {
  int gpu;
  std::vector<Node> nodes;
};
struct GraphExec : Graph {};

// Of the calling thread, as its stream; null: it runs what it is asked.
static thread_local Graph* captured = nullptr;
static thread_local bool capture_is_valid = false;

cudaError_t not_in_a_capture() {
  if (!captured) return cudaSuccess;
  capture_is_valid = false;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t run_or_capture(Node node) {
  if (!captured) return node.run();
  if (captured->gpu != current) return not_in_a_capture();
  captured->nodes.push_back(std::move(node));
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  event("synchronise");
  return use();
}

// A stream does at once what it is asked, so that events are reached when they are recorded. One that a capture has recorded is the capture's.
struct Event {
  int gpu;
  bool of_a_capture;
};
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* made, unsigned) {
  if (const cudaError_t error = use()) return error;
  *made = new Event{current, false};
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t it) {
  delete it;
  return cudaSuccess;
}
static cudaError_t wait_for(cudaEvent_t it, const char* word) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  if (it->of_a_capture) return cudaErrorCapturedEvent;
  if (it->gpu != current) return cudaErrorInvalidResourceHandle;
  event(word);
  return use();
}
cudaError_t cudaEventRecord(cudaEvent_t it, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  if (it->gpu != current) return cudaErrorInvalidResourceHandle;
  it->of_a_capture = captured != nullptr;
  event("event");
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t it) { return wait_for(it, "sleep"); }
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t stop) {
  if (start->of_a_capture || stop->of_a_capture || start->gpu != stop->gpu) return cudaErrorInvalidResourceHandle;
  *milliseconds = faults::elapsed_time();
  return cudaSuccess;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t it, unsigned) { return wait_for(it, "order"); }

cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  if (const cudaError_t error = use()) return error;
  if (missing("capture")) return cudaErrorStreamCaptureUnsupported;
  if (captured) return cudaErrorInvalidValue;
  event("capture");
  captured = new Graph{current, {}};
  capture_is_valid = true;
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = captured ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = nullptr;
  if (!captured || captured->gpu != current) return cudaErrorInvalidValue;
  if (capture_is_valid)
    *graph = captured;
  else
    delete captured;
  captured = nullptr;
  return capture_is_valid ? cudaSuccess : cudaErrorStreamCaptureInvalidated;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  event("instantiate");
  *exec = new GraphExec{*graph};
  return cudaSuccess;
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo*) {
  const auto same = [](const Node& a, const Node& b) { return a.kernel == b.kernel; };
  if (exec->gpu != graph->gpu || !std::equal(exec->nodes.begin(), exec->nodes.end(), graph->nodes.begin(), graph->nodes.end(), same))
    return cudaErrorGraphExecUpdateFailure;
  exec->nodes = graph->nodes;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t) {
  if (const cudaError_t error = not_in_a_capture()) return error;
  if (const cudaError_t error = use()) return error;
  if (exec->gpu != current) return cudaErrorInvalidResourceHandle;
  event("graph");
  for (const Node& node : exec->nodes)
    if (const cudaError_t error = node.run()) return error;
  return cudaSuccess;
}
