// Scratch of a block in the memory that a kernel is given for all of them.
#pragma once
#include "device/cuda/tile.h"

namespace torsor::TORSOR_ISA {

template <int Rows> __device__ __forceinline__ float* scratch_of_block(const Program& p, float* scratch) {
  const int64_t floats = int64_t(p.cells) * Tile<Rows>::cell_floats + 2 * p.shared;
  return floats > 0 ? scratch + int64_t(blockIdx.x) * floats : nullptr;
}

}  // namespace torsor::TORSOR_ISA
