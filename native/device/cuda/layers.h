// A batch through a program by layers: an instruction goes over all rows before the next begins, with columns of the whole batch in global memory. So
// products are those of large matrices, which a library forms, and a tile too wide for shared memory is none. Kernels between the products take the
// instructions there together.
//
// Bias and activation are such a kernel, not cuBLASLt's epilogue: that adds a bias to each row of its column-major result, and ours belongs to
// a column; and of our activations it has two, while training keeps a derivative that it does not give.
//
// Rows are those of one step. A carry goes from its array to columns before the step and back after it, in inference; training has none but that of an
// LSTM which a library runs over sequences, with a row per step here (see Recurrence).
#pragma once
#include <memory>

#include "device/cuda/layer_kernels.h"
#include "device/cuda/paths.h"
#include "device/cuda/product.h"

namespace torsor {

class Layers {
 public:
  // For batches of at most `rows` rows, and a program that `by_layers` says yes to. `path` is not that of tiles.
  Layers(Call&, const Program&, const float* parameters, int rows, Path path);

  // Each puts a call for rows first ... first + rows - 1 on the stream, of arrays that kernels may read.
  void run(const StepIO&, int first, int rows);
  void run(const ForwardIO&, int first, int rows);
  void run(const EvaluateIO&, int first, int rows);
  // Adds to the accumulators; null: the sums are of no use.
  void run(const GradientIO&, int first, int rows, float* accumulators);
  // What comes before the LSTM of a recurrence, whose x is filled. `index` as in GradientIO.
  void run_inputs(const Recurrence&, const float* observation, const int32_t* index, int first, int rows);

 private:
  template <class End>
  void forward(const float* observation, const Sequence& one, int first, int rows, bool keeping, End end);
  void forward(const float* observation, bool keeping);
  void backward(float* accumulators);
  void backward_of_linear(const Instruction&, float* accumulators);
  void step_of_lstm(const Instruction&);
  void exchange(const Instruction&);
  void exchange_back(const Instruction&);

  float* column(int c) const { return rows_.columns + int64_t(c) * rows_.pitch; }
  // The rows in the arrays of the recurrence.
  LayerRows elsewhere() const;
  void multiply(const Instruction& linear);
  void multiply(const MatrixProduct&);
  void sum(int first, int count, float* sums);
  void load(const LayerRows&, int first, int width, const float* array);
  void store(const LayerRows&, int first, int width, float* array);

  // To the instructions between two products, which end_pass runs.
  void add(const Instruction&, Direction);
  void copy(int from, int width, int to);
  void clear(int first, int width);
  void scale(int first, int width, int factors);
  void end_pass();

  const Program& p_;
  const float* parameters_;
  std::unique_ptr<Cublas> cublas_;
  LayerRows rows_{};
  Recurrence recurrence_{};
  Pass pass_;
};

}  // namespace torsor
