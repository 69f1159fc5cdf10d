// Observations of about mean 0 and variance 1: y = clip((x - mean) / sqrt(variance + epsilon), -limit, limit), column by column. Mean and variance are
// statistics of what training has seen so far (see math/running_moments.h), not parameters: they have no gradient. Reads columns of the observation.
#pragma once
#include "math/running_moments.h"
#include "ops/elementwise.h"

namespace torsor::TORSOR_ISA {

struct Normalize {
  static constexpr const char* name = "normalize";

  template <class N> static HD N inverse(const Memory& m, const Instruction& q, int column) {
    const float variance = m.parameters[q.statistics + StatisticsLayout{q.out.width}.variance(column)];
    return splat<N>(1 / square_root(variance + q.constant[0]));
  }

  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    const StatisticsLayout at{q.out.width};
    const float* statistics = m.parameters + q.statistics;
    const N* in = t.column(q.in.column);
    N* out = t.column(q.out.column);
    const N limit = splat<N>(q.constant[1]);
    t.each(q.out.width, [&](int k) {
      const int mean = at.mean(k / t.groups);
      // What is left of the mean is subtracted last: next to a large mean the first difference is exact.
      const N centred = (in[k] - statistics[mean]) - statistics[at.rest(mean)];
      const N y = centred * inverse<N>(m, q, k / t.groups);
      out[k] = choose(y > limit, limit, choose(y < -limit, N(-limit), y));
    });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    const N *y = t.column(q.out.column), *d = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) {
      const N slope = inverse<N>(m, q, k / t.groups);
      return choose(absolute(y[k]) < q.constant[1], N(d[k] * slope), splat<N>(0));
    });
  }
};

}  // namespace torsor::TORSOR_ISA
