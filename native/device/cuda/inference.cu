// Forward and evaluate on CUDA: a block carries tiles through all steps of their sequence.
#include "device/cuda/block.h"
#include "device/cuda/calls.h"
#include "device/cuda/layers.h"
#include "device/cuda/launch.h"
#include "device/cuda/sequence_lstm.h"
#include "device/cuda/stage.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128, blocks = 2;  // blocks: as in policy_step.cu

// Whether any row of a tile is.
__device__ __forceinline__ bool is_wanted(const Tile<small_rows>& tile, const uint8_t* wanted) {
  if (!wanted) return true;
  bool any = false;
  for (int r = 0; r < tile.live; r++) any |= wanted[tile.first_row + r] != 0;
  return any;
}

__global__ void __launch_bounds__(threads, blocks)
    outputs(const __grid_constant__ Program program, const __grid_constant__ ForwardIO io,
            const __grid_constant__ Place place, int first, int rows) {
  extern __shared__ __align__(16) float columns[];
  float* const scratch = scratch_of_block(place);
  const auto step = [&](const Tile<small_rows>& t) INLINE { run_outputs(t, program, io, scratch); };
  const auto steps = [&](const Tile<small_rows>& tile, int span) INLINE {
    if (is_wanted(tile, io.wanted)) run_steps(tile, program, io.sequence, span, step);
  };
  each_tile<small_rows>(columns, place, program, io.sequence, nullptr, first, rows, steps);
}

__global__ void __launch_bounds__(threads, blocks)
    evaluate(const __grid_constant__ Program program, const __grid_constant__ EvaluateIO io,
             const __grid_constant__ Place place, int first, int rows) {
  extern __shared__ __align__(16) float columns[];
  float* const scratch = scratch_of_block(place);
  const auto step = [&](const Tile<small_rows>& t) INLINE { run_evaluate(t, program, io, scratch); };
  const auto steps = [&](const Tile<small_rows>& tile, int span)
                         INLINE { run_steps(tile, program, io.sequence, span, step); };
  each_tile<small_rows>(columns, place, program, io.sequence, nullptr, first, rows, steps);
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

template <class Kernel, class IO>
static void run(Call& call, const char* name, Kernel kernel, const Program& p, const IO& io, int first, int rows) {
  const auto tiles = [&](Call& own, int of_rows) {
    return place(own, TORSOR_ISA::tiles_of(of_rows, small_rows), int64_t(p.columns) * small_rows,
                 TORSOR_ISA::scratch_floats<small_rows>(p));
  };
  const auto start = [&](const Place& at, const IO& of_rows, int from, int count) {
    launch(name, kernel, at.blocks, TORSOR_ISA::threads, at.shared_bytes, p, of_rows, at, from, count);
  };
  const auto by_tiles = [&](Call& own) { start(tiles(own, rows), io, first, rows); };
  const auto by_path = [&](Call& own, Path path) {
    if (path == Path::tiles)
      by_tiles(own);
    else
      Layers(own, p, io.parameters, rows, path).run(io, first, rows);
  };
  const auto by_cudnn = [&](Call& own, Path path) {
    SequenceLstm lstm(own, p, io.sequence, io.observation, io.parameters, nullptr, first, rows, false, path);
    const Place at = lstm.layers() ? Place{} : tiles(own, lstm.most_rows());
    for (int chunk = 0; chunk < lstm.chunks(); chunk++) {
      const int from = lstm.first_row(chunk), count = lstm.rows(chunk);
      IO of_rows = io;
      of_rows.sequence = {};
      of_rows.recurrence = lstm.forward(chunk, false);
      if (lstm.layers())
        lstm.layers()->run(of_rows, from, count);
      else
        start(at, of_rows, from, count);
    }
  };
  const Sequence& s = io.sequence;
  CallShape shape{name, rows, s.steps};
  if (s.final_carry && s.final_carry == s.carry) {
    shape.changed = s.final_carry + int64_t(first) * p.carry_width;
    shape.changed_floats = int64_t(rows) * p.carry_width;
  }
  // The rows of all steps are a batch where they lie one behind the other.
  if (SequenceLstm::takes(p, s) && first == 0 && s.stride == rows)
    run_sequences(call, p, shape, by_cudnn, by_tiles);
  else if (s.steps > 1)
    by_tiles(call);
  else
    run_rows(call, p, shape, by_path);
  call.finish();
}

void forward(const Program& p, const ForwardIO& given, int first, int rows, float*) {
  if (rows < 1) return;
  Call call("a forward pass");
  ForwardIO io = given;
  const Range range(io.sequence, first, rows);
  reads(call, io.observation, range, p.observation.width);
  for (int k = 0; k < 2; k++) writes(call, io.output[k], range, p.head.parameter[k].width);
  writes(call, io.value, range);
  writes(call, io.bootstrap_value, range);
  call.reads(io.wanted, first, rows);
  stage(call, io.sequence, p.carry_width, first, rows);
  run(call, io.wanted ? "forward where wanted" : "forward", TORSOR_ISA::outputs, p, io, first, rows);
}

void evaluate(const Program& p, const EvaluateIO& given, int first, int rows, float*) {
  if (rows < 1) return;
  Call call("an evaluation of actions");
  EvaluateIO io = given;
  const Range range(io.sequence, first, rows);
  reads(call, io.observation, range, p.observation.width);
  reads(call, io.latent, range, p.head.latent_width);
  reads(call, io.mask, range, p.head.n);
  writes(call, io.log_prob, range);
  writes(call, io.entropy, range);
  writes(call, io.value, range);
  stage(call, io.sequence, p.carry_width, first, rows);
  run(call, "evaluate", TORSOR_ISA::evaluate, p, io, first, rows);
}

}  // namespace torsor::calls
