// The kernels of layers.h: each takes the rows of a batch, in global memory, through what stands between two products of matrices.
#pragma once
#include "device/cuda/launch.h"
#include "program/instruction.h"

namespace torsor {

// Rows of a batch that go through the program together, and their columns.
struct LayerRows {
  float* columns;
  int pitch;  // floats from column to column
  int first, count;
  const int32_t* index;
  const UpdateGate* gate;
};

// What stands between two products, in order. Of a linear and of an lstm it is what follows on their product.
enum class Direction : uint8_t { forward, keeping, backward };
constexpr int most_in_pass = 16;
struct Pass {
  Instruction code[most_in_pass];
  Direction direction[most_in_pass];
  int length = 0;
};

// From arrays [rows][width] to columns, and back.
void load_layer(const LayerRows&, int column, int width, const float* array);
void store_layer(const LayerRows&, int column, int width, float* array);

// Between the carry of a step, as `one` has it, and the columns of the states: before the step, and after it.
void carry_to_layer(const LayerRows&, const Program&, const Sequence& one);
void carry_of_layer(const LayerRows&, const Program&, const Sequence& one);

void run_pass(const LayerRows&, const Pass&, const float* parameters);
// Adds the sums over the rows of some columns to `sums`, in an order that depends on the number of rows alone.
void sum_columns(const LayerRows&, int column, int count, float* sums);

// What follows on the last instruction.
void act_on_layer(const LayerRows&, const Program&, const StepIO&);
void outputs_of_layer(const LayerRows&, const Program&, const ForwardIO&);
void evaluate_layer(const LayerRows&, const Program&, const EvaluateIO&);
void loss_of_layer(const LayerRows&, const Program&, const GradientIO&);

}  // namespace torsor
