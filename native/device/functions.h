// Functions by name and noise over whole arrays, by the instruction set in use: float lanes as the kernels run them,
// and double.
#pragma once
#include <cstdint>
#include "program/instruction.h"

namespace torsor {

constexpr int max_function_arrays = 4;

// Input k is read at in[k][i * step[k]] for 0 <= i < count: a step of 0 is one number for all.
template <class S> struct FunctionIO {
  const S* in[max_function_arrays];
  int step[max_function_arrays];
  S* out[max_function_arrays];
  int64_t count;
};

// Element (row, dimension) of an array [rows][width] takes word dimension % 4 of the block (row, dimension / 4);
// normals take the words of a block in pairs. This is the noise of the policy heads.
enum class NoiseKind { uniform, normal, gumbel };

struct FunctionKernels {
  const char* set;
  // `activation`: an index in Activations, with value and derivative as outputs; otherwise an index in Functions.
  void (*apply)(bool activation, int index, const FunctionIO<float>&);
  void (*apply_double)(bool activation, int index, const FunctionIO<double>&);
  void (*noise)(NoiseKind, const Noise&, int64_t rows, int64_t width, float* out);
  void (*noise_double)(NoiseKind, const Noise&, int64_t rows, int64_t width, double* out);
};

const FunctionKernels& function_kernels();

}  // namespace torsor
