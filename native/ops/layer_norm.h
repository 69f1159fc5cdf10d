// Layer normalisation (Ba et al. 2016): y = scale (x - mean) / sqrt(variance + epsilon) + bias, over the columns of a row.
// Training keeps the normalised x and, behind it, 1 / sqrt(variance + epsilon).
#pragma once
#include "ops/elementwise.h"

namespace torsor::TORSOR_ISA {

struct LayerNorm {
  static constexpr const char* name = "layer_norm";

  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    normalize(t, m, q, false);
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    normalize(t, m, q, true);
  }

  template <class Tile> static HD void normalize(const Tile& t, const Memory& m, const Instruction& q, bool keep) {
    using N = typename Tile::N;
    using S = Scalar<N>;
    const int n = q.in.width;
    const float *scale = m.parameters + q.weight, *bias = m.parameters + q.bias;
    t.each_group([&](int g) {
      N mean = splat<N>(0), variance = splat<N>(0);
      for (int k = 0; k < n; k++) mean += t.at(q.in.column + k, g);
      mean *= S(1) / n;
      for (int k = 0; k < n; k++) {
        const N centred = t.at(q.in.column + k, g) - mean;
        variance += centred * centred;
      }
      const N inverse = 1 / square_root(N(variance * (S(1) / n) + S(q.constant[0])));
      for (int k = 0; k < n; k++) {
        const N normal = (t.at(q.in.column + k, g) - mean) * inverse;
        if (keep) t.at(q.derivative + k, g) = normal;
        t.at(q.out.column + k, g) = normal * scale[k] + bias[k];
      }
      if (keep) t.at(q.derivative + n, g) = inverse;
    });
  }

  // With e = scale dL/dy and x' the normalised x: dL/dx = (e - mean(e) - x' mean(e x')) / sqrt(variance + epsilon).
  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    using S = Scalar<N>;
    const int n = q.in.width;
    const float* scale = m.parameters + q.weight;
    for (int k = 0; k < n; k++) t.add_sum(q.out.gradient + k, m.accumulators + q.d_bias + k);
    t.each_group([&](int g) {
      N mean = splat<N>(0), along = splat<N>(0);
      for (int k = 0; k < n; k++) {
        const N e = t.at(q.out.gradient + k, g) * scale[k];
        mean += e;
        along += e * t.at(q.derivative + k, g);
      }
      mean *= S(1) / n;
      along *= S(1) / n;
      const N inverse = t.at(q.derivative + n, g);
      for (int k = 0; k < n; k++) {
        const N normal = t.at(q.derivative + k, g), dy = t.at(q.out.gradient + k, g);
        if (q.in.gradient >= 0)
          give(t.at(q.in.gradient + k, g), N((dy * scale[k] - mean - normal * along) * inverse), q.add_to_in);
        t.at(q.out.gradient + k, g) = dy * normal;  // now the row's part of dL/dscale
      }
    });
    for (int k = 0; k < n; k++) t.add_sum(q.out.gradient + k, m.accumulators + q.d_weight + k);
  }
};

}  // namespace torsor::TORSOR_ISA
