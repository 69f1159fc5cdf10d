// The kernels of one instruction set, as a table: what program/ calls without knowing which set runs.
#pragma once
#include "device/launch.h"
#include "program/instruction.h"

namespace torsor {

struct Kernels {
  const char* name;
  // A call is given the whole batch and shares it among the cores of the device; otherwise the caller shares rows among the threads.
  bool whole_batch;
  // Floats of workspace that a call with this sequence needs on a thread.
  int64_t (*workspace)(const Program&, const Sequence&);

  // Matrices in the order of the microkernel, forward and (unless null) transposed for backward.
  void (*pack)(const Program&, const float* parameters, float* packed, float* packed_transposed);
  // Rows first ... first + rows - 1 of a batch.
  void (*act)(const Program&, const StepIO&, int first, int rows, float* workspace);
  void (*forward)(const Program&, const ForwardIO&, int first, int rows, float* workspace);
  void (*evaluate)(const Program&, const EvaluateIO&, int first, int rows, float* workspace);
  void (*gradient)(const Program&, const GradientIO&, int first, int rows, float* workspace, float* accumulators);
  // Sums `count` sets of accumulators in order, into gradients in the order of the arena and `metrics` [metric_count], or adds them to these.
  void (*collect)(const Program&, float* const* accumulators, int count, bool add, float* gradient, double* metrics);
};

// The best set this machine runs; the environment variable TORSOR_SIMD = baseline | v3 | v4 asks for a lower one.
const Kernels& kernels();

// Rows of one call where threads share `all` rows in blocks of `block`.
inline int rows_of_call(int all, int block) { return kernels().whole_batch && all > 0 ? all : block; }

// How many such calls there are, and f(first, rows) for each of them.
inline int calls_of(int all, int block) {
  const int64_t rows = rows_of_call(all, block);
  return int((all + rows - 1) / rows);
}
template <class F> void each_call(int all, int block, F f) {
  const int rows = rows_of_call(all, block);
  parallel(calls_of(all, block), [&](int call) {
    const int first = call * rows;
    f(first, rows < all - first ? rows : all - first);
  });
}

}  // namespace torsor
