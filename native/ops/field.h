// A small multilayer perceptron on the numbers of a few rows, its contraction with a vector, and the backward of both: the right-hand side
// of a neural controlled differential equation. Softplus between the layers, tanh at the end.
#pragma once
#include "math/fast.h"
#include "math/list.h"

namespace torsor::TORSOR_ISA {

// x[n_in] to w^T x + b, for outputs `first` ... first + J - 1 of n_out; w is [n_in][n_out].
template <int J, class N, class S, class C>
HD void affine_block(const S* w, const S* b, int n_in, int n_out, C x, C out, int first) {
  N sum[J];
  UNROLL for (int j = 0; j < J; j++) sum[j] = splat<N>(b[first + j]);
  for (int i = 0; i < n_in; i++) {
    const N xi = x[i];
    UNROLL for (int j = 0; j < J; j++) sum[j] += xi * w[i * n_out + first + j];
  }
  UNROLL for (int j = 0; j < J; j++) out[first + j] = sum[j];
}

// d[n_out] to w d: finish(i, sum) for inputs `first` ... first + J - 1.
template <int J, class N, class S, class C, class Finish>
HD void transposed_block(const S* w, int n_out, C d, int first, Finish finish) {
  N sum[J];
  UNROLL for (int j = 0; j < J; j++) sum[j] = splat<N>(0);
  for (int k = 0; k < n_out; k++) {
    const N dk = d[k];
    UNROLL for (int j = 0; j < J; j++) sum[j] += dk * w[(first + j) * n_out + k];
  }
  UNROLL for (int j = 0; j < J; j++) finish(first + j, sum[j]);
}

// Sums at a time: on the CPU as many as hide the latency of an FMA; CUDA has other threads for that, and no registers.
#ifdef __CUDACC__
constexpr int sums_at_once = 2;
#else
constexpr int sums_at_once = 8;
#endif

// f(Constant<J>{}, first) over n sums.
template <class F> HD void each_block(int n, F f) {
  int first = 0;
  for (; first + sums_at_once <= n; first += sums_at_once) f(Constant<sums_at_once>{}, first);
  if (first < n) with_constant<sums_at_once - 1>(n - first, [&](auto j) { f(j, first); });
}

struct Field {
  int latent, channels, width, depth;  // latent -> width (depth times) -> latent x channels

  HD int inputs(int layer) const { return layer == 0 ? latent : width; }
  HD int outputs(int layer) const { return layer == depth ? latent * channels : width; }
  template <class Int = int> HD Int parameters() const {
    Int count = 0;
    for (int layer = 0; layer <= depth; layer++) count += (Int(inputs(layer)) + 1) * outputs(layer);
    return count;
  }

  // Numbers of one evaluation, in this order: the hidden layers, their derivatives if they are kept, the output.
  HD int hidden() const { return depth * width; }
  HD int output() const { return latent * channels; }
  HD int kept() const { return 2 * hidden() + output(); }

  // result[latent] = tanh(field(y)) dx. `work` has room for kept() numbers, which backward reads if `Keep`.
  template <bool Keep, class N, class S, class C> HD void evaluate(const S* w, C y, C dx, C work, C result) const {
    C in = y;
    for (int layer = 0; layer < depth; layer++) {
      const int n = inputs(layer);
      C out = work + layer * width, derivative = out + hidden();
      const S* bias = w + n * width;
      each_block(width,
                 [&](auto j, int first) { affine_block<decltype(j)::value, N>(w, bias, n, width, in, out, first); });
      for (int k = 0; k < width; k++) {
        const Soft<N> s = ratio_softplus(N(out[k]));
        out[k] = s.y;
        if (Keep) derivative[k] = s.derivative;
      }
      w = bias + width;
      in = out;
    }
    const int n = inputs(depth), outputs = output();
    C out = work + 2 * hidden();
    const S* bias = w + n * outputs;
    each_block(outputs,
               [&](auto j, int first) { affine_block<decltype(j)::value, N>(w, bias, n, outputs, in, out, first); });
    for (int l = 0; l < latent; l++) {
      C row = out + l * channels;
      N sum = splat<N>(0);
      for (int k = 0; k < channels; k++) {
        const N y = ratio_tanh(N(row[k]));
        if (Keep) row[k] = y;
        sum += y * dx[k];
      }
      result[l] = sum;
    }
  }

  // From d_result[latent] to the gradient of y, and of dx where d_dx is asked for. What evaluate() kept is overwritten by the gradients of the
  // layers before their activations, which weight_gradient() takes.
  template <class N, class S, class C>
  HD void backward(const S* w, C dx, C work, C d_result, C d_y, bool control, C d_dx) const {
    C out = work + 2 * hidden();
    if (control)
      for (int k = 0; k < channels; k++) {
        N sum = splat<N>(0);
        for (int l = 0; l < latent; l++) sum += N(d_result[l]) * out[l * channels + k];
        d_dx[k] = sum;
      }
    for (int l = 0; l < latent; l++) {
      C row = out + l * channels;
      const N d = d_result[l];
      for (int k = 0; k < channels; k++) {
        const N y = row[k];
        row[k] = (1 - y * y) * (d * dx[k]);
      }
    }
    const S* end = w + parameters();
    C d_out = out;
    for (int layer = depth; layer >= 0; layer--) {
      const int n_in = inputs(layer), n_out = outputs(layer);
      end -= (n_in + 1) * n_out;
      const S* weight = end;
      // The gradient of the layer below takes the place of its derivative.
      C derivative = work + hidden() + (layer - 1) * width;
      each_block(n_in, [&](auto j, int first) {
        transposed_block<decltype(j)::value, N>(weight, n_out, d_out, first, [&](int i, N sum) {
          if (layer == 0)
            d_y[i] = sum;
          else
            derivative[i] *= sum;
        });
      });
      d_out = derivative;
    }
  }

  // Adds the gradients of the parameters that `count` evaluations gave: y and what backward() left of each are `stride` numbers apart.
  template <class N, class C> HD void weight_gradient(C y, C work, int count, int stride, C sums) const {
    for (int layer = 0; layer <= depth; layer++) {
      const int n_in = inputs(layer), n_out = outputs(layer);
      const C in = layer == 0 ? y : work + (layer - 1) * width,
              d = layer == depth ? work + 2 * hidden() : work + hidden() + layer * width;
      for (int i = 0; i < n_in; i += 2)
        with_constant<2>(n_in - i < 2 ? 1 : 2, [&](auto inputs_) {
          for (int o = 0; o < n_out; o += 4)
            with_constant<4>(n_out - o < 4 ? n_out - o : 4, [&](auto outputs_) {
              constexpr int I = decltype(inputs_)::value, O = decltype(outputs_)::value;
              N sum[I][O];
              UNROLL for (int a = 0; a < I; a++) UNROLL for (int b = 0; b < O; b++) sum[a][b] =
                  sums[(i + a) * n_out + o + b];
              for (int k = 0; k < count; k++) {
                N x[I];
                UNROLL for (int a = 0; a < I; a++) x[a] = in[k * stride + i + a];
                UNROLL for (int b = 0; b < O; b++) {
                  const N db = d[k * stride + o + b];
                  UNROLL for (int a = 0; a < I; a++) sum[a][b] += x[a] * db;
                }
              }
              UNROLL for (int a = 0; a < I; a++) UNROLL for (int b = 0; b < O; b++) sums[(i + a) * n_out + o + b] =
                  sum[a][b];
            });
        });
      sums = sums + n_in * n_out;
      for (int o = 0; o < n_out; o++) {
        N sum = sums[o];
        for (int k = 0; k < count; k++) sum += d[k * stride + o];
        sums[o] = sum;
      }
      sums = sums + n_out;
    }
  }
};

}  // namespace torsor::TORSOR_ISA
