// CPU linear, forward: the microkernel, and for few rows a path with outputs across lanes.
#include "device/cpu/linear.h"

#include "device/cpu/products.h"
#include "math/activation.h"

namespace torsor::TORSOR_ISA {

// In place. Compiled once, not behind every product.
static __attribute__((noinline)) void activate(int activation, Vector* x, int count) {
  Activations::visit(activation, [&](auto a) {
    for (int k = 0; k < count; k++) x[k] = decltype(a)::f(x[k]);
  });
}

// R rows, K vectors of outputs at a time, straight from the arena's [n_in][n_out]. The last vector may read past a weight row:
// into the next one, or into the padding that ends every arena (arena_padding). Those lanes are thrown away.
template <class N, int R, int K>
HD void linear_rows_part(const float* weight, const float* bias, int n_in, int n_out, int live, const float* in,
                         float* out, int rows, int activation) {
  constexpr int L = lanes<N>;
  N sum[R * K];
  UNROLL for (int r = 0; r < R; r++) UNROLL for (int k = 0; k < K; k++) sum[r * K + k] = splat<N>(0);
  for (int i = 0; i < n_in; i++) {
    UNROLL for (int k = 0; k < K; k++) {
      N w;
      memcpy(&w, weight + int64_t(i) * n_out + k * L, sizeof w);
      UNROLL for (int r = 0; r < R; r++) sum[r * K + k] += splat<N>(in[i * rows + r]) * w;
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int k = 0; k < K; k++) {
      N b = splat<N>(0);
      if (bias) memcpy(&b, bias + k * L, sizeof b);
      sum[r * K + k] += b;
    }
  }
  activate(activation, sum, R * K);
  UNROLL for (int r = 0; r < R; r++) {
    for (int j = 0; j < live; j++) out[j * rows + r] = reinterpret_cast<const float*>(sum + r * K)[j];
  }
}

template <class N, int R>
HD void linear_rows(const float* weight, const float* bias, int n_in, int n_out, const float* in, float* out, int rows,
                    int activation) {
  constexpr int L = lanes<N>,
                wide = R == 1 ? 8 : 4;  // R x K accumulators, each a chain of FMAs: eight hide its latency
  const auto part = [&](auto k, int j) {
    constexpr int K = decltype(k)::value;
    linear_rows_part<N, R, K>(weight + j, bias ? bias + j : nullptr, n_in, n_out, n_out - j < K * L ? n_out - j : K * L,
                              in, out + j * rows, rows, activation);
  };
  int j = 0;
  for (; j + wide * L <= n_out; j += wide * L) part(Constant<wide>{}, j);
  for (; j < n_out; j += 4 * L) part(Constant<4>{}, j);
}

// Up to this many rows the row path is faster than a small tile.
constexpr int row_path_rows = 6;

void linear_forward(const Tile<Vector>& t, const float* parameters, const float* packed, const Instruction& q) {
  const float* bias = q.bias < 0 ? nullptr : parameters + q.bias;
  if (t.rows == small_rows && t.live <= row_path_rows) {
    const float *weight = parameters + q.weight, *in = t.scalars(q.in.column);
    float* out = t.scalars(q.out.column);
    int r = 0;
    for (; r + 2 <= t.live; r += 2)
      linear_rows<Vector, 2>(weight, bias, q.in.width, q.out.width, in + r, out + r, small_rows, q.variant);
    if (r < t.live)
      linear_rows<Vector, 1>(weight, bias, q.in.width, q.out.width, in + r, out + r, small_rows, q.variant);
    return;
  }
  Vector* out = t.column(q.out.column);
  multiply_columns(t, packed + q.weight, bias, q.in.width, q.out.width, t.column(q.in.column), out,
                   [&](int first, int n) { activate(q.variant, out + first * t.groups, n * t.groups); });
}

// The same, with activation'(z).
static __attribute__((noinline)) void activate_keeping(int activation, Vector* x, Vector* derivative, int count) {
  Activations::visit(activation, [&](auto a) {
    for (int k = 0; k < count; k++) {
      const Vector z = x[k];
      x[k] = decltype(a)::f(z);
      derivative[k] = decltype(a)::df(z, x[k]);
    }
  });
}

void linear_forward_keeping(const Tile<Vector>& t, const float* parameters, const float* packed, const Instruction& q) {
  Vector* const out = t.column(q.out.column);
  multiply_columns(t, packed + q.weight, q.bias < 0 ? nullptr : parameters + q.bias, q.in.width, q.out.width,
                   t.column(q.in.column), out, [&](int first, int n) {
                     const int begin = first * t.groups;
                     if (q.derivative >= 0)
                       activate_keeping(q.variant, out + begin, t.column(q.derivative) + begin, n * t.groups);
                   });
}

}  // namespace torsor::TORSOR_ISA
