// The CPU kernels, compiled once per instruction set. No standard containers here: their shared inline functions would be merged with
// those of files compiled for older machines.
#include "device/kernels.h"
#include "math/permutation.h"
#include "program/run.h"

namespace torsor::TORSOR_ISA {

#if defined(__AVX512F__)
using Vector = vf16;
#elif defined(__AVX2__)
using Vector = vf8;
#else
using Vector = vf4;
#endif

using Tile64 = Tile<Vector, tile_rows>;
using Tile16 = Tile<Vector, small_rows>;

static Vector* columns_of(float* workspace) { return reinterpret_cast<Vector*>(workspace); }

static int64_t workspace(const Program& p) { return int64_t(p.columns + p.widest) * tile_rows; }

// More rows than this fill a large tile well enough; fewer are done sooner by several small ones. (Measured: a small tile of AVX-512 has
// one vector a column, too few accumulators to hide the latency of an FMA.)
constexpr int worth_a_tile = lanes<Vector> == 16 ? 2 * small_rows : 3 * small_rows;

// f(tile) for the rows, tile by tile.
template <class F> static void each_tile(int first, int rows, float* memory, F f) {
  for (int row = first, end = first + rows; row < end;) {
    const int left = end - row;
    if (left > worth_a_tile) {
      const int live = left < tile_rows ? left : tile_rows;
      f(Tile64{columns_of(memory), row, live, nullptr});
      row += live;
    } else {
      const int live = left < small_rows ? left : small_rows;
      f(Tile16{columns_of(memory), row, live, nullptr});
      row += live;
    }
  }
}

static void act(const Program& p, const StepIO& io, int first, int rows, float* memory) {
  each_tile(first, rows, memory, [&](const auto& tile) { run_act(tile, p, io); });
}

static void forward(const Program& p, const ForwardIO& io, int first, int rows, float* memory) {
  each_tile(first, rows, memory, [&](const auto& tile) { run_outputs(tile, p, io); });
}

static void evaluate(const Program& p, const EvaluateIO& io, int first, int rows, float* memory) {
  each_tile(first, rows, memory, [&](const auto& tile) { run_evaluate(tile, p, io); });
}

static void gradient(const Program& p, const GradientIO& io, int first, int rows, float* memory, float* accumulators) {
  memset(accumulators, 0, sizeof(float) * p.accumulators);
  memset(columns_of(memory) + p.sums * Tile64::groups, 0, sizeof(float) * tile_rows * metric_count);
  const Memory m{io.parameters, io.packed, io.packed_transposed, accumulators, memory + int64_t(p.columns) * tile_rows};
  for (int row = first, end = first + rows; row < end; row += tile_rows)
    run_gradient(Tile64{columns_of(memory), row, end - row < tile_rows ? end - row : tile_rows, io.index}, p, io, m);
  const Tile64 all{columns_of(memory), 0, tile_rows, nullptr};
  for (int k = 0; k < metric_count; k++) all.add_sum(p.sums + k, accumulators + p.accumulators - metric_count + k);
}

// f(instruction) for every linear of the program.
template <class F> static void each_linear(const Program& p, F f) {
  for (int k = 0; k < p.length; k++)
    Ops::visit(p.code[k].op, [&](auto op) {
      if (same<decltype(op), Linear>) f(p.code[k]);
    });
}

static void pack(const Program& p, const float* parameters, float* packed, float* packed_transposed) {
  each_linear(p, [&](const Instruction& q) {
    pack_linear(parameters + q.weight, q.in.width, q.out.width, false, packed + q.weight);
    if (packed_transposed)
      pack_linear(parameters + q.weight, q.out.width, q.in.width, true, packed_transposed + q.weight);
  });
}

static void collect(const Program& p, float* const* accumulators, int count, float* gradient, double* metrics) {
  memset(gradient, 0, sizeof(float) * p.parameter_count);
  for (int k = 0; k < metric_count; k++) metrics[k] = 0;
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
      const int width = q.out.width;
      Ops::visit(q.op, [&](auto op) {
        const bool linear = same<decltype(op), Linear>;
        add(q.d_weight, q.weight, linear ? q.in.width : 1, width, padded_outputs(width));
        add(q.d_bias, q.bias, 1, width, width);
      });
    }
    for (int k = 0; k < metric_count; k++) metrics[k] += from[p.accumulators - metric_count + k];
  }
}

// Environments across lanes, backwards in time.
template <class N> static void advantage_of(const AdvantageIO& io, const AdvantageConfig& config, int environment) {
  const auto load = [](const float* x) {
    N v;
    memcpy(&v, x, sizeof v);
    return v;
  };
  const auto flags = [](const uint8_t* x) {
    N v = splat<N>(0);
    for (int i = 0; i < lanes<N>; i++) reinterpret_cast<float*>(&v)[i] = x[i] ? 1.0f : 0.0f;
    return v;
  };
  N advantage = splat<N>(0), next = load(io.last_value + environment);
  for (int t = io.steps - 1; t >= 0; t--) {
    const int64_t at = int64_t(t) * io.environments + environment;
    const N value = load(io.value + at), terminated = flags(io.terminated + at), truncated = flags(io.truncated + at);
    const N ratio = io.ratio ? load(io.ratio + at) : splat<N>(1);
    const N following = choose(terminated > 0, splat<N>(0), choose(truncated > 0, load(io.final_value + at), next));
    const N continues = choose(terminated + truncated > 0, splat<N>(0), splat<N>(1));
    advantage_step(load(io.reward + at), value, following, ratio, continues, config, advantage);
    const N target = advantage + value;
    memcpy(io.advantage + at, &advantage, sizeof advantage);
    memcpy(io.target + at, &target, sizeof target);
    next = value;
  }
}

static void advantage(const AdvantageIO& io, const AdvantageConfig& config, int first, int count) {
  int e = first;
  for (; e + lanes<Vector> <= first + count; e += lanes<Vector>) advantage_of<Vector>(io, config, e);
  for (; e < first + count; e++) advantage_of<float>(io, config, e);
}

static void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
                 const AdamConfig& config) {
  const auto element = [&](auto number, int64_t k) {
    using N = decltype(number);
    N p, g, m, v;
    memcpy(&p, parameters + k, sizeof p);
    memcpy(&g, gradients + k, sizeof g);
    memcpy(&m, first + k, sizeof m);
    memcpy(&v, second + k, sizeof v);
    p = adam_element(p, g, m, v, config);
    memcpy(parameters + k, &p, sizeof p);
    memcpy(first + k, &m, sizeof m);
    memcpy(second + k, &v, sizeof v);
  };
  int64_t k = 0;
  for (; k + lanes<Vector> <= count; k += lanes<Vector>) element(Vector{}, k);
  for (; k < count; k++) element(0.0f, k);
}

static double sum_of_squares(const float* x, int64_t count) {
  double sum[4] = {0, 0, 0, 0};
  for (int64_t k = 0; k < count; k++) sum[k % 4] += double(x[k]) * x[k];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void scale(float* x, int64_t count, float factor) {
  for (int64_t k = 0; k < count; k++) x[k] *= factor;
}

static void multiply(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha,
                     float beta) {
  for (int r = 0; r < rows; r++) {
    float* to = c + int64_t(r) * columns;
    for (int k = 0; k < columns; k++) to[k] = beta == 0 ? 0 : beta * to[k];
    for (int i = 0; i < inner; i++) {
      const float x = alpha * a[int64_t(r) * inner + i];
      for (int k = 0; k < columns; k++) to[k] += x * b[int64_t(i) * columns + k];
    }
  }
}

static void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count,
                    int32_t* index) {
  const Permutation place(n, seed, stream, domain);
  for (int k = 0; k < count; k++) index[k] = int32_t(place(first + k));
}

#define TORSOR_STRING_(x) #x
#define TORSOR_STRING(x) TORSOR_STRING_(x)

extern const Kernels kernel_table;
const Kernels kernel_table = {TORSOR_STRING(TORSOR_ISA),
                              workspace,
                              pack,
                              act,
                              forward,
                              evaluate,
                              gradient,
                              collect,
                              advantage,
                              adam,
                              sum_of_squares,
                              scale,
                              multiply,
                              permute};

}  // namespace torsor::TORSOR_ISA
