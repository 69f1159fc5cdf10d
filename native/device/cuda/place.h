// Where the columns of a kernel's tiles are: in the shared memory of its blocks, or, where a tile is too wide for that, in global memory. The
// blocks take tiles in turn, so there may be fewer blocks than tiles.
#pragma once
#include <algorithm>

#include "device/cuda/call.h"
#include "device/cuda/runtime.h"

namespace torsor {

struct Place {
  int blocks;
  int64_t shared_bytes;
  float* columns;  // null: shared memory
  int64_t floats;  // of a block
  float* scratch;  // Memory::scratch of the blocks, in global memory; null: no instruction needs any
  int64_t scratch_floats;
};

// What all blocks together may take of global memory: enough to fill a large GPU with wide tiles, and little beside its memory.
constexpr int64_t most_global_bytes = int64_t(512) << 20;
constexpr int most_blocks_per_multiprocessor = 4;

// `own_bytes`: of global memory that a block needs besides.
inline Place place(Call& call, int tiles, int64_t floats, int64_t scratch_floats, int64_t own_bytes = 0) {
  constexpr int64_t size = sizeof(float);
  Place p{tiles, floats * size, nullptr, floats, nullptr, scratch_floats};
  const bool shared = p.shared_bytes <= gpu().shared_bytes;
  const int64_t global_bytes = own_bytes + scratch_floats * size + (shared ? 0 : p.shared_bytes);
  if (global_bytes > 0) {
    const int64_t most =
        std::min<int64_t>(most_global_bytes / global_bytes, most_blocks_per_multiprocessor * gpu().multiprocessors);
    p.blocks = int(std::clamp<int64_t>(most, 1, tiles));
  }
  if (!shared) {
    p.shared_bytes = 0;
    p.columns = call.scratch<float>(p.blocks * floats);
  }
  if (scratch_floats > 0) p.scratch = call.scratch<float>(p.blocks * scratch_floats);
  return p;
}

}  // namespace torsor
