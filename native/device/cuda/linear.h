// CUDA linear: a thread owns J outputs of 4 rows, so 4 J accumulators; inputs come from shared memory four rows at a time,
// weights through the read-only cache. Neighbouring threads take neighbouring rows, so a warp reads a weight once. In other precisions than
// float32, tensor cores form the products.
#pragma once
#include "device/cuda/tensor_core.h"
#include "math/activation.h"
#include "ops/memory.h"

namespace torsor::TORSOR_ISA {

constexpr int rows_per_thread = 4;  // a float4

// A small tile has few rows: one output per thread, so that enough threads have work.
template <int Rows> constexpr int outputs_per_thread = Rows == tile_rows ? 4 : 1;

// `weight(j, i)` is the weight of input i for output j; finish(j, r, sum of row r) stores.
template <int J, int Rows, class Weight, class Finish>
__device__ __forceinline__ void multiply_columns(const Tile<Rows>& t, int in, int n_in, int n_out, Weight weight,
                                                 Finish finish) {
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
      UNROLL for (int k = 0; k < R; k++) finish(first + j, r + k, sum[j][k]);
    }
  });
}

// finish(activation, j, r, sum before the activation)
template <int Rows, class Finish>
__device__ __forceinline__ void linear_columns(const Tile<Rows>& t, const float* parameters, const Instruction& q,
                                               Finish finish) {
  const float *w = parameters + q.weight, *b = parameters + q.bias;
  const int in = q.in.column, n_in = q.in.width, out = q.out.column, n_out = q.out.width;
  const auto weight = [&](int j, int i) { return __ldg(w + i * n_out + j); };
  const auto bias = [&](int j) { return q.bias < 0 ? 0.0f : __ldg(b + j); };  // added last, as on the CPU
  if (q.precision == Precision::float32) {
    Activations::visit(q.variant, [&](auto activation) {
      multiply_columns<outputs_per_thread<Rows>>(
          t, in, n_in, n_out, weight, [&](int j, int r, float sum) { finish(activation, j, r, sum + bias(j)); });
    });
    return;
  }
  // The activations follow in a pass of their own, or the product would be compiled again for each of them.
  multiply_columns_in_warps(t, q.precision, in, n_in, n_out, weight,
                            [&](int j, int r, float sum) { t.at(out + j, r) = sum + bias(j); });
  Activations::visit(q.variant, [&](auto activation) {
    t.each(n_out, [&](int k) { finish(activation, k / Rows, k % Rows, t.at(out, k)); });
  });
}

template <int Rows>
__device__ __forceinline__ void linear_forward(const Tile<Rows>& t, const float* parameters, const float*,
                                               const Instruction& q) {
  linear_columns(t, parameters, q, [&](auto activation, int j, int r, float z) {
    t.at(q.out.column + j, r) = decltype(activation)::f(z);
  });
}

// The same in training: the columns of activation'(z) are kept for backward.
template <int Rows>
__device__ __forceinline__ void linear_forward_keeping(const Tile<Rows>& t, const float* parameters, const float*,
                                                       const Instruction& q) {
  linear_columns(t, parameters, q, [&](auto activation, int j, int r, float z) {
    const float y = decltype(activation)::f(z);
    t.at(q.out.column + j, r) = y;
    if (q.derivative >= 0) t.at(q.derivative + j, r) = decltype(activation)::df(z, y);
  });
}

// From dL/dz, the gradient of the sum before the activation, to the gradients of weight, bias and input.
template <int Rows>
__device__ __forceinline__ void linear_backward(const Tile<Rows>& t, const Memory& m, const Instruction& q) {
  const int n_in = q.in.width, n_out = q.out.width, stride = padded_outputs(n_out), dz = q.out.gradient;
  const bool tensor_cores = q.precision != Precision::float32;
  if (tensor_cores)
    add_weight_gradient_in_warps(t, q.precision, q.in.column, n_in, dz, n_out, m.accumulators + q.d_weight, stride);
  // Element (i, j) of the weight gradient, the bias as one input more that is always 1: one thread adds its rows in order.
  const int own = tensor_cores ? n_in : 0;  // the first input whose gradients are still to be added
  t.spread((n_in + 1 - own) * n_out, [&](int item) {
    const int i = own + item / n_out, j = item % n_out;
    if (i == n_in && q.bias < 0) return;
    float sum = 0;
    for (int r = 0; r < Rows; r++) sum += (i < n_in ? t.at(q.in.column + i, r) : 1.0f) * t.at(dz + j, r);
    m.accumulators[i < n_in ? q.d_weight + i * stride + j : q.d_bias + j] += sum;
  });
  if (q.in.gradient < 0) return;
  const float* w = m.parameters + q.weight;
  const auto weight = [&](int i, int j) { return __ldg(w + i * n_out + j); };
  const auto finish = [&](int i, int r, float sum) {
    float& dx = t.at(q.in.gradient + i, r);
    dx = q.add_to_in ? dx + sum : sum;
    if (q.derivative_of_in >= 0) dx *= t.at(q.derivative_of_in + i, r);
  };
  if (tensor_cores)
    multiply_columns_in_warps(t, q.precision, dz, n_out, n_in, weight, finish);
  else
    multiply_columns<outputs_per_thread<Rows>>(t, dz, n_out, n_in, weight, finish);
}

}  // namespace torsor::TORSOR_ISA
