// The CPU kernels, compiled once per instruction set. No standard containers here: their shared inline functions would be merged with
// those of files compiled for older machines.
#include "device/cpu/vector.h"
#include "device/kernels.h"
#include "program/pack.h"
#include "program/sequence.h"

namespace torsor::TORSOR_ISA {

using VectorTile = Tile<Vector>;

static Vector* columns_of(float* workspace) { return reinterpret_cast<Vector*>(workspace); }

// Columns of every step that is kept at once, the carry before every segment, after the last and in between, and scratch.
static int64_t workspace(const Program& p, const Sequence& s) {
  const int length = segment_length(s, 1), segments = (s.steps + length - 1) / length;
  const int64_t linear = int64_t(p.widest) * tile_rows,
                solver = int64_t(p.cells) * VectorTile::cell_floats + 2 * p.shared;
  return (int64_t(p.columns) * length + int64_t(p.carry_width) * (segments + 2)) * tile_rows +
         (linear > solver ? linear : solver);
}

// Inference: behind the columns of a tile.
static float* scratch(const VectorTile& t, const Program& p) { return reinterpret_cast<float*>(t.column(p.columns)); }

// More rows than this fill a large tile well enough; fewer are done sooner by several small ones. (Measured: a small tile of AVX-512 has
// one vector a column, too few accumulators to hide the latency of an FMA.)
constexpr int worth_a_tile = lanes<Vector> == 16 ? 2 * small_rows : 3 * small_rows;

// f(tile, steps of a tile) for the rows, tile by tile.
template <class F> static void each_tile(const Program& p, const Sequence& s, int first, int rows, float* memory, F f) {
  for (int row = first, end = first + rows; row < end;) {
    const int left = end - row;
    const int large = left < tile_rows ? left : tile_rows, small = left < small_rows ? left : small_rows;
    const int span = steps_of_tile(p, s, large);
    const bool is_large = left > worth_a_tile || span > 1;
    const int live = is_large ? large : small;
    f(VectorTile(columns_of(memory), is_large ? tile_rows : small_rows, row, live), is_large ? span : 1);
    row += live;
  }
}

static void act(const Program& p, const StepIO& io, int first, int rows, float* memory) {
  Sequence one;
  one.carry = one.final_carry = io.carry;
  each_tile(p, one, first, rows, memory, [&](const VectorTile& tile, int span) {
    run_steps(tile, p, one, span, [&](const VectorTile& t) { run_act(t, p, io, scratch(t, p)); });
  });
}

// f(first, rows) for wanted rows that are neighbours.
template <class F> static void each_wanted(const uint8_t* wanted, int first, int rows, F f) {
  if (!wanted) return f(first, rows);
  for (int row = first; row < first + rows; row++) {
    int end = row;
    while (end < first + rows && wanted[end]) end++;
    if (end > row) f(row, end - row);
    row = end;
  }
}

static void forward(const Program& p, const ForwardIO& io, int first, int rows, float* memory) {
  each_wanted(io.wanted, first, rows, [&](int from, int count) {
    each_tile(p, io.sequence, from, count, memory, [&](const VectorTile& tile, int span) {
      run_steps(tile, p, io.sequence, span, [&](const VectorTile& t) { run_outputs(t, p, io, scratch(t, p)); });
    });
  });
}

static void evaluate(const Program& p, const EvaluateIO& io, int first, int rows, float* memory) {
  each_tile(p, io.sequence, first, rows, memory, [&](const VectorTile& tile, int span) {
    run_steps(tile, p, io.sequence, span, [&](const VectorTile& t) { run_evaluate(t, p, io, scratch(t, p)); });
  });
}

static void gradient_of_tile(const VectorTile& first, int span, const Program& p, const GradientIO& io,
                             float* accumulators) {
  const int length = segment_length(io.sequence, span), segments = (io.sequence.steps + length - 1) / length;
  const int tiles = (length + span - 1) / span;
  float* const memory = reinterpret_cast<float*>(first.columns);
  float* const carries = memory + int64_t(p.columns) * tiles * first.rows;
  float* const scratch = carries + int64_t(p.carry_width) * (segments + 2) * first.rows;
  Memory m{io.parameters, io.packed, io.packed_transposed, accumulators, scratch};
  m.done = io.sequence.done;
  VectorTile rows = first, between = first;
  rows.index = between.index = io.index;
  between.columns = columns_of(carries);
  const SequenceGradient<VectorTile> sequence{rows, between, p, io, m, span, length};
  for (int k = 0; k < tiles; k++) clear_columns(sequence.columns_of(k), p.sums, metric_count);
  sequence.run();
  for (int k = 0; k < tiles; k++)
    for (int sum = 0; sum < metric_count; sum++)
      sequence.columns_of(k).add_sum(p.sums + sum, accumulators + p.accumulators - metric_count + sum);
}

// Shuffled rows lie anywhere: those of the next tile are asked for while this one is computed.
static void prefetch(const Program& p, const GradientIO& io, int first, int end) {
  if (!io.index || io.sequence.steps > 1) return;
  constexpr int line = 64 / sizeof(float);
  const int width = p.observation.width, latent = p.head.latent_width;
  for (int row = first; row < end; row++) {
    const int64_t at = io.index[row];
    for (int k = 0; k < width + line - 1; k += line) __builtin_prefetch(io.observation + at * width + k);
    __builtin_prefetch(io.latent + at * latent);
    if (io.d_log_prob) continue;
    __builtin_prefetch(io.old_log_prob + at);
    __builtin_prefetch(io.advantage + at);
    __builtin_prefetch(io.target + at);
    __builtin_prefetch(io.old_value + at);
  }
}

static void gradient(const Program& p, const GradientIO& io, int first, int rows, float* memory, float* accumulators) {
  memset(accumulators, 0, sizeof(float) * p.accumulators);
  const int end = first + rows;
  prefetch(p, io, first, end < first + tile_rows ? end : first + tile_rows);
  each_tile(p, io.sequence, first, rows, memory, [&](const VectorTile& tile, int span) {
    const int next = tile.first_row + tile.live;
    prefetch(p, io, next, end < next + tile_rows ? end : next + tile_rows);
    gradient_of_tile(tile, span, p, io, accumulators);
  });
}

// f(instruction, product) for every matrix of the program.
template <class F> static void each_matrix(const Program& p, F f) {
  for (int k = 0; k < p.length; k++) {
    const Product product = product_of(p.code[k]);
    if (product.packed) f(p.code[k], product);
  }
}

static void pack(const Program& p, const float* parameters, float* packed, float* packed_transposed) {
  each_matrix(p, [&](const Instruction& q, const Product& m) {
    pack_linear(parameters + q.weight, m.inputs, m.outputs, false, packed + q.weight);
    if (packed_transposed) pack_linear(parameters + q.weight, m.outputs, m.inputs, true, packed_transposed + q.weight);
  });
}

static void collect(const Program& p, float* const* accumulators, int count, bool add_to, float* gradient,
                    double* metrics) {
  if (!add_to) memset(gradient, 0, sizeof(float) * p.parameter_count);
  for (int k = 0; k < metric_count && !add_to; k++) metrics[k] = 0;
  for (int c = 0; c < count; c++) {
    const float* from = accumulators[c];
    // Rows of `width` gradients, `stride` apart.
    const auto add = [&](int source, int target, int rows, int width, int stride) {
      if (source < 0 || target < 0) return;
      for (int r = 0; r < rows; r++)
        for (int k = 0; k < width; k++)
          gradient[target + int64_t(r) * width + k] += from[source + int64_t(r) * stride + k];
    };
    for (int k = 0; k < p.length; k++) {
      const Instruction& q = p.code[k];
      const Product m = product_of(q);
      add(q.d_weight, q.weight, m.inputs, m.outputs, m.stride);
      add(q.d_bias, q.bias, 1, m.outputs, m.stride);
    }
    for (int k = 0; k < metric_count; k++) metrics[k] += from[p.accumulators - metric_count + k];
  }
}

#define TORSOR_STRING_(x) #x
#define TORSOR_STRING(x) TORSOR_STRING_(x)

extern const Kernels kernel_table;
const Kernels kernel_table = {
    TORSOR_STRING(TORSOR_ISA), false, workspace, pack, act, forward, evaluate, gradient, collect};

}  // namespace torsor::TORSOR_ISA
