// Columns of a tile times packed weights: a register-blocked microkernel, rows of the batch across lanes.
#pragma once
#include "device/cpu/tile.h"
#include "math/list.h"
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

}  // namespace torsor::TORSOR_ISA
