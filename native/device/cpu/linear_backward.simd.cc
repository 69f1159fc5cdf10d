// CPU backward of a linear: weight gradients with outputs across lanes (rows are the sum), so dz is transposed in registers first.
#include "device/cpu/linear.h"
#include "device/cpu/products.h"

namespace torsor::TORSOR_ISA {

// One stage of a transposition of L x L: swaps the off-diagonal blocks of size `Step`.
template <int Step, class N> HD void transpose_stage(N* r) {
  constexpr int L = lanes<N>;
  Int<N> low, high;  // lanes of two registers side by side
  UNROLL for (int l = 0; l < L; l++) {
    low[l] = l & Step ? L + (l & ~Step) : l;
    high[l] = l & Step ? L + l : l | Step;
  }
  UNROLL for (int k = 0; k < L; k++) if (!(k & Step)) {
    const N a = r[k], b = r[k | Step];
    r[k] = __builtin_shuffle(a, b, low);
    r[k | Step] = __builtin_shuffle(a, b, high);
  }
}

template <class N> HD void transpose_registers(N* r) {
  if constexpr (lanes<N> >= 16) transpose_stage<8>(r);
  if constexpr (lanes<N> >= 8) transpose_stage<4>(r);
  transpose_stage<2>(r);
  transpose_stage<1>(r);
}

// n columns of a tile to [rows][padded_outputs(n)], zeros up to the end of the last vector.
template <class N> HD void to_rows(const N* columns, int groups, int n, float* rows) {
  constexpr int L = lanes<N>;
  const int stride = padded_outputs(n);
  for (int c = 0; c < n; c += L)
    for (int g = 0; g < groups; g++) {
      N r[L];
      if (c + L <= n) {
        UNROLL for (int k = 0; k < L; k++) r[k] = columns[(c + k) * groups + g];
      } else
        for (int k = 0; k < L; k++) r[k] = c + k < n ? columns[(c + k) * groups + g] : splat<N>(0);
      transpose_registers(r);
      UNROLL for (int k = 0; k < L; k++) * reinterpret_cast<N*>(rows + (g * L + k) * stride + c) = r[k];
    }
}

// gradient[i][k] += sum over rows of x[i][row] dz[row][k], for I inputs and K vectors of outputs: I x K accumulators.
template <int I, int K, class N>
HD void weight_gradient_block(const float* x, const float* dz, int rows, float* gradient, int stride) {
  N sum[I][K];
  UNROLL for (int i = 0; i < I; i++) UNROLL for (int k = 0; k < K; k++) sum[i][k] = splat<N>(0);
  for (int row = 0; row < rows; row++) {
    N d[K];
    UNROLL for (int k = 0; k < K; k++) d[k] = reinterpret_cast<const N*>(dz + row * stride)[k];
    UNROLL for (int i = 0; i < I; i++) {
      const N a = splat<N>(x[i * rows + row]);
      UNROLL for (int k = 0; k < K; k++) sum[i][k] += a * d[k];
    }
  }
  UNROLL for (int i = 0; i < I; i++)
      UNROLL for (int k = 0; k < K; k++) reinterpret_cast<N*>(gradient + i * stride)[k] += sum[i][k];
}

template <class N>
HD void weight_gradient(const float* x, int n_in, const float* dz, int n_out, int rows, float* gradient) {
  constexpr int L = lanes<N>, fitting = L == 16 ? 4 : 2;
  const int stride = padded_outputs(n_out), vectors = (n_out + L - 1) / L;
  const Blocks inputs(n_in);
  for (int k = 0; k < vectors; k += fitting)
    for (int b = 0, i = 0; b < inputs.count; i += inputs.outputs(b++))
      with_constant<block_outputs>(inputs.outputs(b), [&](auto ni) {
        with_constant<fitting>(vectors - k < fitting ? vectors - k : fitting, [&](auto nk) {
          constexpr int I = decltype(ni)::value, K = decltype(nk)::value;
          weight_gradient_block<I, K, N>(x + i * rows, dz + k * L, rows, gradient + i * stride + k * L, stride);
        });
      });
}

template <class N> HD void bias_gradient(const float* dz, int n_out, int rows, float* gradient) {
  const int stride = padded_outputs(n_out);
  for (int c = 0; c < n_out; c += lanes<N>) {
    N sum = splat<N>(0);
    for (int row = 0; row < rows; row++) sum += *reinterpret_cast<const N*>(dz + row * stride + c);
    *reinterpret_cast<N*>(gradient + c) += sum;
  }
}

void linear_backward(const Tile<Vector>& t, const Memory& m, const Instruction& q) {
  using N = Vector;
  const N* dz = t.column(q.out.gradient);
  to_rows(dz, t.groups, q.out.width, m.scratch);
  weight_gradient<N>(t.scalars(q.in.column), q.in.width, m.scratch, q.out.width, t.rows, m.accumulators + q.d_weight);
  if (q.bias >= 0) bias_gradient<N>(m.scratch, q.out.width, t.rows, m.accumulators + q.d_bias);
  if (q.in.gradient < 0) return;
  N *dx = t.column(q.in.gradient), *product = q.add_to_in ? reinterpret_cast<N*>(m.scratch) : dx;
  const N* derivative = q.derivative_of_in < 0 ? nullptr : t.column(q.derivative_of_in);
  // What a block of columns still needs while it is in the first-level cache: with it comes the step to dL/dz of the instruction below.
  multiply_columns(t, m.packed_transposed + q.weight, nullptr, q.out.width, q.in.width, dz, product,
                   [&](int first, int n) {
                     const int begin = first * t.groups, end = (first + n) * t.groups;
                     if (q.add_to_in)
                       for (int k = begin; k < end; k++) dx[k] += product[k];
                     if (derivative)
                       for (int k = begin; k < end; k++) dx[k] *= derivative[k];
                   });
}

}  // namespace torsor::TORSOR_ISA
