// A block of a kernel and the tiles it carries through a program.
#pragma once
#include "device/cuda/place.h"
#include "program/sequence.h"

// Behind the parameters of a lambda that takes a tile: called, it would find the tile in local memory.
#define INLINE __attribute__((always_inline))

namespace torsor::TORSOR_ISA {

// f(tile, steps of a tile) for every tile of this block. The columns are those of the launch's shared memory, or of global memory.
template <int Rows, class F>
__device__ __forceinline__ void each_tile(float* shared, const Place& place, const Program& p, const Sequence& s,
                                          const int32_t* index, int first, int rows, F f) {
  float* columns = place.columns ? place.columns + blockIdx.x * place.floats : shared;
  for (int64_t row = int64_t(blockIdx.x) * Rows; row < rows; row += int64_t(gridDim.x) * Rows) {
    const int live = min(Rows, int(rows - row));
    f(Tile<Rows>{columns, int(first + row), live, index}, steps_of_tile(p, s, live, Rows));
  }
}

__device__ __forceinline__ float* scratch_of_block(const Place& place) {
  return place.scratch ? place.scratch + blockIdx.x * place.scratch_floats : nullptr;
}

// Of the instruction that needs most.
template <int Rows> int64_t scratch_floats(const Program& p) {
  return int64_t(p.cells) * Tile<Rows>::cell_floats + 2 * p.shared;
}

inline int tiles_of(int rows, int tile) { return (rows + tile - 1) / tile; }

}  // namespace torsor::TORSOR_ISA
