// Kernels that are started again and again in the same order, as a CUDA graph: one start for all of them. Every run is captured anew and the
// graph of the run before takes over its arguments, so that none can be out of date.
#pragma once
#include <cuda_runtime.h>

namespace torsor {

class Graph {
 public:
  Graph() = default;
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // Starts, on the stream of this thread, what enqueue(context) puts there. False: that could not be captured, and nothing was started.
  bool start(void (*enqueue)(void* context), void* context);

 private:
  bool adopt(cudaGraph_t);

  cudaGraphExec_t kept_ = nullptr;
};

}  // namespace torsor
