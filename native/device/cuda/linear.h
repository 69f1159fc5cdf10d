// CUDA linear: a thread owns J outputs of 4 rows, so 4 J accumulators; inputs come from shared memory four rows at a time,
// weights through the read-only cache. Neighbouring threads take neighbouring rows, so a warp reads a weight once.
#pragma once
#include "device/cuda/tile.h"
#include "math/activation.h"
#include "ops/memory.h"

namespace torsor::TORSOR_ISA {

constexpr int rows_per_thread = 4;  // a float4

// A small tile has few rows: one output per thread, so that enough threads have work.
template <int Rows> constexpr int outputs_per_thread = Rows == tile_rows ? 4 : 1;

// `weight(j, i)` is the weight of input i for output j, `bias(j)` that of output j; finish(j, r, sums of rows r ... r + 3) stores.
template <int J, int Rows, class Weight, class Bias, class Finish>
__device__ __forceinline__ void multiply_columns(const Tile<Rows>& t, int in, int n_in, int n_out, Weight weight,
                                                 Bias bias, Finish finish) {
  constexpr int R = rows_per_thread, quads = Rows / R;
  t.spread(quads * ((n_out + J - 1) / J), [&](int item) {
    const int r = item % quads * R, first = item / quads * J;
    float sum[J][R] = {};
    for (int i = 0; i < n_in; i++) {
      const float4 x = *reinterpret_cast<const float4*>(t.column(in + i) + r);
      UNROLL for (int j = 0; j < J; j++) {
        const float w =
            weight(min(first + j, n_out - 1), i);  // past the end: repeat the last output, and do not store it
        sum[j][0] += w * x.x;
        sum[j][1] += w * x.y;
        sum[j][2] += w * x.z;
        sum[j][3] += w * x.w;
      }
    }
    UNROLL for (int j = 0; j < J; j++) {
      if (first + j >= n_out) break;
      const float b = bias(first + j);  // last, as on the CPU
      UNROLL for (int k = 0; k < R; k++) sum[j][k] += b;
      finish(first + j, r, sum[j]);
    }
  });
}

template <int Rows, class Finish>
__device__ __forceinline__ void linear_columns(const Tile<Rows>& t, const float* parameters, const Instruction& q,
                                               Finish finish) {
  const float *w = parameters + q.weight, *b = parameters + q.bias;
  multiply_columns<outputs_per_thread<Rows>>(
      t, q.in.column, q.in.width, q.out.width, [&](int j, int i) { return __ldg(w + i * q.out.width + j); },
      [&](int j) { return q.bias < 0 ? 0.0f : __ldg(b + j); }, finish);
}

template <int Rows>
__device__ __forceinline__ void linear_forward(const Tile<Rows>& t, const float* parameters, const float*,
                                               const Instruction& q) {
  Activations::visit(q.variant, [&](auto activation) {
    linear_columns(t, parameters, q, [&](int j, int r, const float* sum) {
      UNROLL for (int k = 0; k < rows_per_thread; k++) t.at(q.out.column + j, r + k) = decltype(activation)::f(sum[k]);
    });
  });
}

// The same in training: the columns of activation'(z) are kept for backward.
template <int Rows>
__device__ __forceinline__ void linear_forward_keeping(const Tile<Rows>& t, const float* parameters, const float*,
                                                       const Instruction& q) {
  Activations::visit(q.variant, [&](auto activation) {
    linear_columns(t, parameters, q, [&](int j, int r, const float* sum) {
      UNROLL for (int k = 0; k < rows_per_thread; k++) {
        const float y = decltype(activation)::f(sum[k]);
        t.at(q.out.column + j, r + k) = y;
        if (q.derivative >= 0) t.at(q.derivative + j, r + k) = decltype(activation)::df(sum[k], y);
      }
    });
  });
}

// From dL/dz, the gradient of the sum before the activation, to the gradients of weight, bias and input.
template <int Rows>
__device__ __forceinline__ void linear_backward(const Tile<Rows>& t, const Memory& m, const Instruction& q) {
  const int n_in = q.in.width, n_out = q.out.width, stride = padded_outputs(n_out), dz = q.out.gradient;
  // Element (i, j) of the weight gradient, the bias as one input more that is always 1: one thread adds its rows in order.
  t.spread((n_in + 1) * n_out, [&](int item) {
    const int i = item / n_out, j = item % n_out;
    if (i == n_in && q.bias < 0) return;
    float sum = 0;
    for (int r = 0; r < Rows; r++) sum += (i < n_in ? t.at(q.in.column + i, r) : 1.0f) * t.at(dz + j, r);
    m.accumulators[i < n_in ? q.d_weight + i * stride + j : q.d_bias + j] += sum;
  });
  if (q.in.gradient < 0) return;
  const float* w = m.parameters + q.weight;
  multiply_columns<outputs_per_thread<Rows>>(
      t, dz, n_out, n_in, [&](int i, int j) { return __ldg(w + i * n_out + j); }, [](int) { return 0.0f; },
      [&](int i, int r, const float* sum) {
        UNROLL for (int k = 0; k < rows_per_thread; k++) {
          float& dx = t.at(q.in.gradient + i, r + k);
          dx = q.add_to_in ? dx + sum[k] : sum[k];
          if (q.derivative_of_in >= 0) dx *= t.at(q.derivative_of_in + i, r + k);
        }
      });
}

}  // namespace torsor::TORSOR_ISA
