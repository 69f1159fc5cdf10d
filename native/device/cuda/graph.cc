// See graph.h.
#include "device/cuda/graph.h"

namespace torsor {

Graph::~Graph() {
  if (kept_) cudaGraphExecDestroy(kept_);
}

bool Graph::capture(void (*enqueue)(void* context), void* context) {
  // What may not be captured (an allocation, a copy from memory of the process) fails on this thread alone.
  if (cudaStreamBeginCapture(cudaStreamPerThread, cudaStreamCaptureModeThreadLocal) != cudaSuccess) {
    cudaGetLastError();
    return false;
  }
  bool good = true;
  try {
    enqueue(context);
  } catch (...) {
    good = false;  // whoever runs it directly then hears of what is not capture's fault
  }
  cudaGraph_t graph = nullptr;
  good = cudaStreamEndCapture(cudaStreamPerThread, &graph) == cudaSuccess && good;
  good = good && adopt(graph);
  if (graph) cudaGraphDestroy(graph);
  cudaGetLastError();
  return good;
}

bool Graph::launch() {
  const bool good = cudaGraphLaunch(kept_, cudaStreamPerThread) == cudaSuccess;
  cudaGetLastError();
  return good;
}

bool Graph::adopt(cudaGraph_t graph) {
  cudaGraphExecUpdateResultInfo info;
  if (kept_ && cudaGraphExecUpdate(kept_, graph, &info) == cudaSuccess) return true;
  if (kept_) cudaGraphExecDestroy(kept_);
  kept_ = nullptr;
  return cudaGraphInstantiate(&kept_, graph, 0) == cudaSuccess;
}

}  // namespace torsor
