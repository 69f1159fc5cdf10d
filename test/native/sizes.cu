// What the headers of the kernels say they need of memory; see kernels.h.
#include "device/cuda/block.h"
#include "device/cuda/gradient.h"

namespace torsor::TORSOR_ISA {

int64_t floats_of_scratch(const Program& p, int rows_of_tile) {
  return rows_of_tile == tile_rows ? scratch_floats<tile_rows>(p) : scratch_floats<small_rows>(p);
}

int64_t floats_of_gradient(const Program& p, const Sequence& s, int live) {
  return floats_of_tile<small_rows>(p, s, live);
}

}  // namespace torsor::TORSOR_ISA
