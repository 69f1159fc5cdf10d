// See layer_kernels.h.
#include "device/cuda/layer_kernels.h"

#include "device/cuda/block.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128, blocks = 2;  // blocks: as in policy_step.cu
constexpr int layer_rows = 32;            // of a block: a warp reads as many neighbouring numbers of a column

using LayerTile = Tile<layer_rows, BatchColumns>;

__device__ __forceinline__ LayerTile tile_of_block(const LayerRows& rows) {
  const int at = int(blockIdx.x) * layer_rows;
  return LayerTile(rows.columns + at, rows.first + at, min(layer_rows, rows.count - at), rows.index,
                   BatchColumns{rows.pitch});
}
__device__ __forceinline__ bool stopped(const LayerRows& rows) { return rows.gate && rows.gate->stopped; }

// The carry before a step, from its array to columns; and that after it, back.
__global__ void layer_states(const __grid_constant__ Program program, const __grid_constant__ Sequence one,
                             const __grid_constant__ LayerRows rows) {
  const LayerTile t = tile_of_block(rows);
  load_carry(t, program, one, program.carry);
  carry_to_states(t, program.carry, t, program);
}
__global__ void layer_carry(const __grid_constant__ Program program, const __grid_constant__ Sequence one,
                            const __grid_constant__ LayerRows rows) {
  const LayerTile t = tile_of_block(rows);
  states_to_carry(t, t, program.carry, program, 1);
  clear_done(t, one.done, program.carry, program.carry_width);
  t.store(program.carry, program.carry_width, one.final_carry);
}

// A linear whose product is in the columns of its output.
template <class Tile>
__device__ __forceinline__ void end_linear(const Tile& t, const float* parameters, const Instruction& q, bool keep) {
  float* const out = t.column(q.out.column);
  float* const derivative = keep && q.derivative >= 0 ? t.column(q.derivative) : nullptr;
  const float* const bias = q.bias < 0 ? nullptr : parameters + q.bias;
  Activations::visit(q.variant, [&](auto activation) {
    t.each(q.out.width, [&](int k) {
      const float z = out[k] + (bias ? __ldg(bias + k / t.groups) : 0.0f), y = decltype(activation)::f(z);
      out[k] = y;
      if (derivative) derivative[k] = decltype(activation)::df(z, y);
    });
  });
}

__global__ void __launch_bounds__(threads, blocks)
    layer_pass(const __grid_constant__ Pass pass, const __grid_constant__ LayerRows rows, const float* parameters) {
  if (stopped(rows)) return;
  const LayerTile t = tile_of_block(rows);
  const Memory memory{parameters, nullptr, nullptr, nullptr, nullptr};
  for (int k = 0; k < pass.length; k++) {
    const Instruction& q = pass.code[k];
    const Direction direction = pass.direction[k];
    Ops::visit(q.op, [&](auto op) {
      using Op = decltype(op);
      if constexpr (same<Op, Linear>) {
        end_linear(t, parameters, q, direction == Direction::keeping);
      } else if constexpr (is_rowwise<Op>) {
        if (direction == Direction::forward)
          Op::forward(t, memory, q);
        else if (direction == Direction::keeping)
          Op::forward_keeping(t, memory, q);
        else
          Op::backward(t, memory, q);
      } else if constexpr (same<Op, Lstm>) {
        Op::cell(t, q);
      } else if constexpr (same<Op, Scan>) {
        Op::step(t, q);
      }
    });
  }
}

// Between arrays [rows][width] and columns.
__global__ void layer_load(const __grid_constant__ LayerRows rows, int column, int width, const float* array) {
  if (!stopped(rows)) tile_of_block(rows).load(column, width, array);
}
__global__ void layer_store(const __grid_constant__ LayerRows rows, int column, int width, float* array) {
  if (!stopped(rows)) tile_of_block(rows).store(column, width, array);
}

// Block k adds the sum over the rows of a column to sums[k].
__global__ void column_sums(const __grid_constant__ LayerRows rows, int column, float* sums) {
  extern __shared__ __align__(16) float columns[];
  if (stopped(rows)) return;
  const float* const x = rows.columns + int64_t(column + blockIdx.x) * rows.pitch;
  for (int lane = threadIdx.x; lane < threads; lane += blockDim.x) {
    float sum = 0;
    for (int row = lane; row < rows.count; row += threads) sum += x[row];
    columns[lane] = sum;
  }
  __syncthreads();
  for (int half = threads / 2; half > 0; half /= 2) {
    for (int lane = threadIdx.x; lane < half; lane += blockDim.x) columns[lane] += columns[lane + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] += columns[0];
}

// What follows on the last instruction.
__global__ void __launch_bounds__(threads, blocks)
    layer_act(const __grid_constant__ Program program, const __grid_constant__ StepIO io,
              const __grid_constant__ LayerRows rows) {
  end_act(tile_of_block(rows), program, io);
}
__global__ void __launch_bounds__(threads, blocks)
    layer_outputs(const __grid_constant__ Program program, const __grid_constant__ ForwardIO io,
                  const __grid_constant__ LayerRows rows) {
  end_outputs(tile_of_block(rows), program, io);
}
__global__ void __launch_bounds__(threads, blocks)
    layer_evaluate(const __grid_constant__ Program program, const __grid_constant__ EvaluateIO io,
                   const __grid_constant__ LayerRows rows) {
  end_evaluate(tile_of_block(rows), program, io);
}
__global__ void __launch_bounds__(threads, blocks)
    layer_loss(const __grid_constant__ Program program, const __grid_constant__ GradientIO io,
               const __grid_constant__ LayerRows rows) {
  if (stopped(rows)) return;
  const LayerTile t = tile_of_block(rows);
  clear_columns(t, program.sums, metric_count);
  run_loss(t, program, io);
}

}  // namespace torsor::TORSOR_ISA

namespace torsor {

using namespace TORSOR_ISA;

template <class... P>
static void launch_tiles(const char* name, void (*kernel)(P...), const LayerRows& rows,
                         typename Exactly<P>::type... arguments) {
  launch(name, kernel, tiles_of(rows.count, layer_rows), threads, 0, arguments...);
}

void load_layer(const LayerRows& rows, int column, int width, const float* array) {
  launch_tiles("layer_load", layer_load, rows, rows, column, width, array);
}
void store_layer(const LayerRows& rows, int column, int width, float* array) {
  launch_tiles("layer_store", layer_store, rows, rows, column, width, array);
}
void carry_to_layer(const LayerRows& rows, const Program& p, const Sequence& one) {
  launch_tiles("layer_states", layer_states, rows, p, one, rows);
}
void carry_of_layer(const LayerRows& rows, const Program& p, const Sequence& one) {
  launch_tiles("layer_carry", layer_carry, rows, p, one, rows);
}
void run_pass(const LayerRows& rows, const Pass& pass, const float* parameters) {
  launch_tiles("layer_pass", layer_pass, rows, pass, rows, parameters);
}
void sum_columns(const LayerRows& rows, int column, int count, float* sums) {
  launch("column_sums", column_sums, count, threads, threads * int64_t(sizeof(float)), rows, column, sums);
}
void act_on_layer(const LayerRows& rows, const Program& p, const StepIO& io) {
  launch_tiles("layer_act", layer_act, rows, p, io, rows);
}
void outputs_of_layer(const LayerRows& rows, const Program& p, const ForwardIO& io) {
  launch_tiles("layer_outputs", layer_outputs, rows, p, io, rows);
}
void evaluate_layer(const LayerRows& rows, const Program& p, const EvaluateIO& io) {
  launch_tiles("layer_evaluate", layer_evaluate, rows, p, io, rows);
}
void loss_of_layer(const LayerRows& rows, const Program& p, const GradientIO& io) {
  launch_tiles("layer_loss", layer_loss, rows, p, io, rows);
}

}  // namespace torsor
