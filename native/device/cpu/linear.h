// CPU linear, forward: a register-blocked microkernel (rows of the batch across lanes), and for few rows a path with outputs across lanes.
#pragma once
#include "device/cpu/tile.h"
#include "math/activation.h"
#include "program/pack.h"

namespace torsor::TORSOR_ISA {

// J outputs of G groups of rows: J x G accumulators stay in registers over the whole sum.
// `stride` is the number of vectors in a column.
template <int J, int G, class N>
HD void linear_block(const float* weight, const float* bias, int n_in, const N* in, N* out, int stride) {
  N sum[J][G];
  UNROLL for (int j = 0; j < J; j++) UNROLL for (int g = 0; g < G; g++) sum[j][g] = splat<N>(0);
  for (int i = 0; i < n_in; i++) {
    N x[G];
    UNROLL for (int g = 0; g < G; g++) x[g] = in[i * stride + g];
    UNROLL for (int j = 0; j < J; j++) {
      const N w = splat<N>(weight[i * J + j]);
      UNROLL for (int g = 0; g < G; g++) sum[j][g] += w * x[g];
    }
  }
  // The bias comes last: it is often larger than the first products, whose bits it would take.
  UNROLL for (int j = 0; j < J; j++) {
    const N b = splat<N>(bias ? bias[j] : 0);
    UNROLL for (int g = 0; g < G; g++) out[j * stride + g] = sum[j][g] + b;
  }
}

// Groups of rows a block takes at once: as many accumulators as leave room for inputs and a weight among 32 registers (AVX-512) or 16.
// Few outputs take more groups, because an accumulator alone waits for the FMA before.
template <class N> constexpr int groups_of_block(int outputs, int groups) {
  constexpr int accumulators = lanes<N> == 16 ? 24 : 12;
  while (groups > 1 && groups * outputs > accumulators) groups /= 2;
  return groups;
}

// Columns times packed weights. `finish(first output, how many)` runs after every block, while it is in the first-level cache.
template <int Groups, class N, class Finish>
HD void multiply_groups(const float* packed, const float* bias, int n_in, int n_out, const N* in, N* out,
                        Finish finish) {
  const Blocks blocks(n_out);
  for (int b = 0, first = 0; b < blocks.count; first += blocks.outputs(b++)) {
    const int outputs = blocks.outputs(b);
    with_constant<block_outputs>(outputs, [&](auto j) {
      constexpr int J = decltype(j)::value, G = groups_of_block<N>(J, Groups);
      for (int g = 0; g < Groups; g += G)
        linear_block<J, G>(packed, bias ? bias + first : nullptr, n_in, in + g, out + first * Groups + g, Groups);
    });
    packed += n_in * outputs;
    finish(first, outputs);
  }
}

// The products know the rows of a tile as a constant, which nothing else needs: they keep the groups of a block in registers.
template <class N, class Finish>
HD void multiply_columns(const Tile<N>& t, const float* packed, const float* bias, int n_in, int n_out, const N* in,
                         N* out, Finish finish) {
  if (t.rows == tile_rows)
    multiply_groups<tile_rows / lanes<N>>(packed, bias, n_in, n_out, in, out, finish);
  else
    multiply_groups<small_rows / lanes<N>>(packed, bias, n_in, n_out, in, out, finish);
}

// In place. Compiled once, not in every kernel that ends with it.
template <class N> __attribute__((noinline)) void activate(int activation, N* x, int count) {
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

template <class N>
HD void linear_forward(const Tile<N>& t, const float* parameters, const float* packed, const Instruction& q) {
  const float* bias = q.bias < 0 ? nullptr : parameters + q.bias;
  if (t.rows == small_rows && t.live <= row_path_rows) {
    const float *weight = parameters + q.weight, *in = t.scalars(q.in.column);
    float* out = t.scalars(q.out.column);
    int r = 0;
    for (; r + 2 <= t.live; r += 2)
      linear_rows<N, 2>(weight, bias, q.in.width, q.out.width, in + r, out + r, small_rows, q.variant);
    if (r < t.live) linear_rows<N, 1>(weight, bias, q.in.width, q.out.width, in + r, out + r, small_rows, q.variant);
    return;
  }
  N* out = t.column(q.out.column);
  multiply_columns(t, packed + q.weight, bias, q.in.width, q.out.width, t.column(q.in.column), out,
                   [&](int first, int n) { activate(q.variant, out + first * t.groups, n * t.groups); });
}

// The same in training: the columns of activation'(z) are kept for backward.
template <class N>
HD void linear_forward_keeping(const Tile<N>& t, const float* parameters, const float* packed, const Instruction& q) {
  N *out = t.column(q.out.column), *derivative = t.column(q.derivative);
  multiply_columns(t, packed + q.weight, q.bias < 0 ? nullptr : parameters + q.bias, q.in.width, q.out.width,
                   t.column(q.in.column), out, [&](int first, int n) {
                     if (q.derivative < 0) return;
                     Activations::visit(q.variant, [&](auto activation) {
                       for (int k = first * t.groups; k < (first + n) * t.groups; k++) {
                         const N z = out[k], y = decltype(activation)::f(z);
                         out[k] = y;
                         derivative[k] = decltype(activation)::df(z, y);
                       }
                     });
                   });
}

}  // namespace torsor::TORSOR_ISA
