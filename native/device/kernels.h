// The kernels of one instruction set, as a table: what program/ and training/ call without knowing which set runs.
#pragma once
#include "math/adam.h"
#include "math/advantage.h"
#include "program/instruction.h"

namespace torsor {

// Columns [steps][environments] of a rollout, for the advantages.
struct AdvantageIO {
  const float *reward, *value, *ratio;  // ratio may be null: all 1
  const uint8_t *terminated, *truncated;
  const float* final_value;  // [steps][environments], read where truncated
  const float* last_value;   // [environments]
  float *advantage, *target;
  int steps, environments;
};

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
  // Sums `count` sets of accumulators in order, into gradients in the order of the arena and metric sums.
  void (*collect)(const Program&, float* const* accumulators, int count, float* gradient, double* metrics);

  void (*advantage)(const AdvantageIO&, const AdvantageConfig&, int first_environment, int environments);
  void (*adam)(float* parameters, const float* gradients, float* first, float* second, int64_t count,
               const AdamConfig&);
  double (*sum_of_squares)(const float*, int64_t count);
  void (*scale)(float*, int64_t count, float factor);
  // c[rows][columns] = alpha a[rows][inner] b[inner][columns] + beta c
  void (*multiply)(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha, float beta);
  // Places of a minibatch: the permutation of 0 ... n - 1 of `seed`, `stream` and `domain`, from `first` on.
  void (*permute)(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count,
                  int32_t* index);
};

// The best set this machine runs; the environment variable TORSOR_SIMD = baseline | v3 | v4 asks for a lower one.
const Kernels& kernels();

// Rows of one call where threads share `all` rows in blocks of `block`.
inline int rows_of_call(int all, int block) { return kernels().whole_batch && all > 0 ? all : block; }

}  // namespace torsor
