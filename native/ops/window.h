// The last observations of an episode with their times. A state [t | count | age (H) | x (H n)]: the time of the newest, how many places are
// filled, oldest first, and of each its age in that time and its observation. All zero is an empty window. Ages instead of times, because only
// differences matter, and the time of a long episode has no bits left for them.
#pragma once
#include "ops/elementwise.h"

namespace torsor::TORSOR_ISA {

struct Window {
  static constexpr const char* name = "window";

  // Columns of a state.
  static HD int count(int state) { return state + 1; }
  static HD int age(int state, int k) { return state + 2 + k; }
  static HD int x(int state, int history, int channels, int k) { return state + 2 + history + k * channels; }
  static HD int width(int history, int channels) { return 2 + history * (1 + channels); }

  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const int n = q.in.width, history = q.solve.history, from = q.in2.column, to = q.out.column, last = history - 1;
    const float dt = q.constant[0];
    t.each_group([&](int g) {
      const N filled = t.at(count(from), g), none = splat<N>(0);
      const auto full = filled > last + 0.5f;
      t.at(to, g) = t.at(from, g) + dt;
      t.at(count(to), g) = choose(full, filled, N(filled + 1));
      for (int k = 0; k < history; k++) {
        const auto before = filled > k + 0.5f;
        const auto here = (filled > k - 0.5f) & (filled < k + 0.5f);
        const N own = choose(before, N(t.at(age(from, k), g) + dt), none);
        const N next = k < last ? N(t.at(age(from, k + 1), g) + dt) : none;
        t.at(age(to, k), g) = choose(full, next, own);
        for (int j = 0; j < n; j++) {
          const N seen = t.at(q.in.column + j, g), old = t.at(x(from, history, n, k) + j, g);
          const N shifted = k < last ? N(t.at(x(from, history, n, k + 1) + j, g)) : seen;
          t.at(x(to, history, n, k) + j, g) = choose(full, shifted, choose(here, seen, old));
        }
      }
    });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }

  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const int n = q.in.width, history = q.solve.history, from = q.in2.column, d = q.out.gradient,
              d_from = q.in2.gradient, last = history - 1;
    t.each_group([&](int g) {
      const N filled = t.at(count(from), g), none = splat<N>(0);
      const auto full = filled > last + 0.5f;
      const auto at = [&](int k, int j) { return N(t.at(x(d, history, n, k) + j, g)); };
      if (q.in.gradient >= 0)
        for (int j = 0; j < n; j++) {
          N sum = choose(full, at(last, j), none);
          for (int k = 0; k < history; k++) sum += choose((filled > k - 0.5f) & (filled < k + 0.5f), at(k, j), none);
          give(t.at(q.in.gradient + j, g), sum, q.add_to_in);
        }
      if (d_from < 0) return;
      give(t.at(d_from, g), N(t.at(d, g)), q.add_to_in2);
      give(t.at(count(d_from), g), none, q.add_to_in2);
      for (int k = 0; k < history; k++) {
        // What was in place k is now there still, or one to the left.
        const auto stays = (filled > k + 0.5f) & (filled < last + 0.5f);
        const auto moved = [&](N own, N left) { return choose(full, left, choose(stays, own, none)); };
        give(t.at(age(d_from, k), g), moved(t.at(age(d, k), g), k > 0 ? N(t.at(age(d, k - 1), g)) : none),
             q.add_to_in2);
        for (int j = 0; j < n; j++)
          give(t.at(x(d_from, history, n, k) + j, g), moved(at(k, j), k > 0 ? at(k - 1, j) : none), q.add_to_in2);
      }
    });
  }
};

}  // namespace torsor::TORSOR_ISA
