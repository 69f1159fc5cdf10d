// The policy step on CUDA: one kernel, one block per tile, the same ops and formulas as the CPU.
#include "device/cuda/block.h"
#include "device/cuda/calls.h"
#include "device/cuda/layers.h"
#include "device/cuda/launch.h"
#include "device/cuda/stage.h"

namespace torsor::TORSOR_ISA {

// Two blocks per multiprocessor at least: with the number of threads alone, ptxas took 80 registers for sm_90 and spilled. Twice the threads
// would leave 128 registers each, too few for the solver of differential equations.
constexpr int threads = 128, blocks = 2;

template <int Rows>
__global__ void __launch_bounds__(threads, blocks)
    policy_step(const __grid_constant__ Program program, const __grid_constant__ StepIO io,
                const __grid_constant__ Sequence one, const __grid_constant__ Place place, int first, int rows) {
  extern __shared__ __align__(16) float columns[];  // [program.columns][Rows]
  float* const scratch = scratch_of_block(place);
  const auto act = [&](const Tile<Rows>& t) INLINE { run_act(t, program, io, scratch); };
  const auto steps = [&](const Tile<Rows>& tile, int span) INLINE { run_steps(tile, program, one, span, act); };
  each_tile<Rows>(columns, place, program, one, nullptr, first, rows, steps);
}

// Large tiles read every weight for 64 rows, but there have to be enough of them for all multiprocessors, twice.
static bool large(const Program& p, int rows) {
  return rows >= 2 * tile_rows * gpu().multiprocessors && p.columns * tile_rows * 4 * 2 <= gpu().shared_bytes;
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

void act(const Program& p, const StepIO& given, int first, int rows, float*) {
  if (rows < 1) return;
  Call call("a policy step");
  StepIO io = given;
  Sequence one;  // an argument of its own: a kernel that made it would keep it in local memory
  const Range range(one, first, rows);
  reads(call, io.observation, range, p.observation.width);
  reads(call, io.mask, range, p.head.n);
  writes(call, io.action, range, p.head.n);
  writes(call, io.choice, range, p.head.latent_width);
  writes(call, io.latent, range, p.head.latent_width);
  writes(call, io.log_prob, range);
  writes(call, io.value, range);
  call.updates(io.carry, int64_t(first) * p.carry_width, int64_t(rows) * p.carry_width);
  one.carry = one.final_carry = io.carry;
  const auto start = [&](Call& own, auto kernel, auto rows_of_tile) {
    constexpr int tile = decltype(rows_of_tile)::value;
    const Place at =
        place(own, TORSOR_ISA::tiles_of(rows, tile), int64_t(p.columns) * tile, TORSOR_ISA::scratch_floats<tile>(p));
    launch("policy_step", kernel, at.blocks, TORSOR_ISA::threads, at.shared_bytes, p, io, one, at, first, rows);
  };
  const auto by_tiles = [&](Call& own) {
    if (TORSOR_ISA::large(p, rows))
      start(own, TORSOR_ISA::policy_step<tile_rows>, std::integral_constant<int, tile_rows>());
    else
      start(own, TORSOR_ISA::policy_step<small_rows>, std::integral_constant<int, small_rows>());
  };
  CallShape shape{"act", rows, 1};
  if (io.carry) {
    shape.changed = io.carry + int64_t(first) * p.carry_width;
    shape.changed_floats = int64_t(rows) * p.carry_width;
  }
  run_rows(call, p, shape, [&](Call& own, Path path) {
    if (path == Path::tiles)
      by_tiles(own);
    else
      Layers(own, p, io.parameters, rows, path).run(io, first, rows);
  });
  call.finish();
}

}  // namespace torsor::calls
