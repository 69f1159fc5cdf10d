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

  // Keeps what enqueue(context) puts on the stream of this thread, to be launched; nothing of it runs. False: it could not be captured.
  bool capture(void (*enqueue)(void* context), void* context);
  // False: nothing was started.
  bool launch();

 private:
  bool adopt(cudaGraph_t);

  cudaGraphExec_t kept_ = nullptr;
};

}  // namespace torsor
