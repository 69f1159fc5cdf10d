// A neural controlled differential equation (Kidger et al. 2020) over a window of observations: z(oldest) = z0, dz/dt = tanh(field(z)) X'(t) with
// X the spline of math/hermite.h, result z(newest). With step control as in diffrax, in double; or with steps of equal length between the knots,
// in the arithmetic of the tile. Backward differentiates the accepted steps with their lengths held still. What gives no solution gives NaN.
#pragma once
#include "ops/cde_gradient.h"

namespace torsor::TORSOR_ISA {

// Rows `first` to `end` of a tile.
template <class N, class View>
OUTLINED void solve_cde(const View& t, const Memory& m, const Instruction& q, int first, int end) {
  CdeSolver<View, N>(t, m, q, first).solve(first, end);
}
template <class N, class View>
OUTLINED void differentiate_cde(const View& t, const Memory& m, const Instruction& q, int first, int end) {
  CdeGradient<View, N>(t, m, q, first).differentiate(first, end);
}

struct NeuralCde {
  static constexpr const char* name = "neural_cde";

  // f(number) of the type that the instruction asks for.
  template <class Tile, class F> static HD void with_number(const Tile&, const Instruction& q, F f) {
    using N = typename Tile::N;
    if (q.solve.substeps > 0)
      f(N{});
    else
      f(Wide<N>{});
  }

  template <class Tile> static HD void clear(const Tile& t, int column, int width) {
    using N = typename Tile::N;
    N* x = t.column(column);
    t.each(width, [&](int k) { x[k] = splat<N>(0); });
  }

  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    clear(t, q.out.column, q.out.width);  // the rows that do not exist, too
    with_number(t, q, [&](auto number) {
      using N = decltype(number);
      const auto view = t.numbers();
      using View = decltype(t.numbers());
      CdeSolver<View, N>::load_shared(t, m, q);
      t.each_share([&](int first, int end) { solve_cde<N>(view, m, q, first, end); });
    });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }

  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    if (q.in.gradient >= 0 && !q.add_to_in) clear(t, q.in.gradient, q.in.width);
    if (q.in2.gradient >= 0 && !q.add_to_in2) clear(t, q.in2.gradient, q.in2.width);
    with_number(t, q, [&](auto number) {
      using N = decltype(number);
      const auto view = t.numbers();
      using View = decltype(t.numbers());
      CdeSolver<View, N>::load_shared(t, m, q);
      t.each_share([&](int first, int end) { differentiate_cde<N>(view, m, q, first, end); });
      const CdeLayout at(q, tableau_of<float>(q.solve.solver, nullptr).stages);
      t.spread(at.field.parameters(), [&](int k) {
        m.accumulators[q.d_weight + k] += float(t.template sum_of_cells<N>(m.scratch, at.sums + k));
      });
    });
  }
};

}  // namespace torsor::TORSOR_ISA
