// Linear recurrence: out = decay * state + input, where `in` is [decay | input] and `in2` the state. In a sequence a tile may hold several
// steps at once; then row r goes on from row r - lag, and all rows are found together by doubling (Hillis and Steele 1986): a round adds
// what the rows a distance back have summed, times the decays in between, and the distance doubles.
// Columns of its own: the decays so far, and behind them 1 where an episode ended with the step.
#pragma once
#include "ops/elementwise.h"

namespace torsor::TORSOR_ISA {

struct Scan {
  static constexpr const char* name = "scan";

  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    if (t.lag >= t.live) return step(t, q);
    const int n = q.out.width, decay = q.in.column, input = decay + n, state = q.in2.column, ended = q.derivative + n;
    t.each_group([&](int g) { t.at(ended, g) = m.done ? t.flag(m.done, g) : splat<N>(0); });
    t.each_group([&](int g) {
      const N first = t.first_step(g), continues = 1 - t.shifted(ended, t.lag, g);
      for (int k = 0; k < n; k++) {
        const N a = t.at(decay + k, g), b = t.at(input + k, g);
        t.at(q.out.column + k, g) = choose(first > 0, N(a * t.at(state + k, g) + b), b);
        t.at(q.derivative + k, g) = choose(first > 0, splat<N>(0), N(a * continues));
      }
    });
    for (int distance = t.lag; distance < t.live; distance *= 2) t.scan_round(q.out.column, q.derivative, n, distance);
  }

  // A single one.
  template <class Tile> static HD void step(const Tile& t, const Instruction& q) {
    using N = typename Tile::N;
    const N *decay = t.column(q.in.column), *input = t.column(q.in.column + q.out.width),
            *before = t.column(q.in2.column);
    N* after = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { after[k] = decay[k] * before[k] + input[k]; });
  }

  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }

  // With g = dL/d(out) including what later steps pass back, g[r] = dL/d(out)[r] + decay[r + lag] g[r + lag], which is the same recurrence
  // the other way: d_input = g, d_decay = g * (state before), d_state = decay * g.
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const int n = q.out.width, decay = q.in.column, gradient = q.out.gradient, ended = q.derivative + n;
    const bool several = t.lag < t.live;
    if (several) {
      t.each_group([&](int g) {
        const N continues = 1 - t.at(ended, g);
        for (int k = 0; k < n; k++) t.at(q.derivative + k, g) = t.shifted(decay + k, -t.lag, g) * continues;
      });
      for (int distance = t.lag; distance < t.live; distance *= 2) t.scan_round(gradient, q.derivative, n, -distance);
    }
    t.each_group([&](int g) {
      const N first = t.first_step(g), continues = several ? N(1 - t.shifted(ended, t.lag, g)) : splat<N>(1);
      for (int k = 0; k < n; k++) {
        const N d = t.at(gradient + k, g), given = t.at(q.in2.column + k, g);
        const N before =
            several ? choose(first > 0, given, N(t.shifted(q.out.column + k, t.lag, g) * continues)) : given;
        if (q.in.gradient >= 0) {
          give(t.at(q.in.gradient + k, g), N(d * before), q.add_to_in);
          give(t.at(q.in.gradient + n + k, g), d, q.add_to_in);
        }
        // Only the first step reads the state: the others have zeros to pass on.
        if (q.in2.gradient >= 0)
          give(t.at(q.in2.gradient + k, g), choose(first > 0, N(d * t.at(decay + k, g)), splat<N>(0)), q.add_to_in2);
      }
    });
  }
};

}  // namespace torsor::TORSOR_ISA
