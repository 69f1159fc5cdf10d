// What the instructions of one tile work on, besides its columns.
#pragma once
#include "math/number.h"
#include "program/instruction.h"

namespace torsor {

struct Memory {
  const float *parameters = nullptr, *packed = nullptr, *packed_transposed = nullptr;
  float* accumulators = nullptr;  // training: sums of gradients over rows
  float* scratch =
      nullptr;  // [tile_rows][widest padded output or input] for the backward of a linear; cells of a solver
  const uint8_t* done = nullptr;  // of a sequence: ends of episodes, a flag per row and step; null: none
  Recurrence recurrence{};
};

// Floats that must be readable behind the last parameter: the row path of a linear reads whole vectors (up to 8 of 16 lanes).
constexpr int arena_padding = 128;

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// The accumulators of a linear weight are [n_in][padded outputs]: whole vectors for every instruction set, and the same on CUDA.
HD constexpr int padded_outputs(int n) { return (n + 15) / 16 * 16; }

}  // namespace torsor::TORSOR_ISA
