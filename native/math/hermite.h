// The derivative of the cubic Hermite spline with backward differences (Morrill et al. 2021): on the interval from knot i, of length h and with
// slopes m, it goes from the slope before to the slope of its own,
//   X'(s) = m_{i-1} + (4 (s / h) - 3 (s / h)^2) (m_i - m_{i-1}),   m_{-1} = m_0,
// so that a new point changes nothing that was there before, and X' is continuous.
#pragma once
#include "number.h"

namespace torsor::TORSOR_ISA {

// The weight of an interval's own slope after a share of it.
template <class N> HD N own_slope(N share) { return share * (4 - 3 * share); }

// X'(t) as weights of the slopes m_0 ... m_{intervals - 1}. A knot belongs to the interval on its left; intervals that do not exist have their
// knots at infinity.
template <class N, class C> HD void slope_weights(int intervals, C knots, C inverse_lengths, N t, C weights) {
  N from = knots[0], inverse = inverse_lengths[0], interval = splat<N>(0);
  for (int k = 1; k < intervals; k++) {
    const auto passed = N(knots[k]) < t;
    from = choose(passed, N(knots[k]), from);
    inverse = choose(passed, N(inverse_lengths[k]), inverse);
    interval = choose(passed, splat<N>(k), interval);
  }
  const N own = own_slope(N((t - from) * inverse)), before = 1 - own, none = splat<N>(0);
  for (int k = 0; k < intervals; k++)
    weights[k] = choose(interval == splat<N>(k), own, none) + choose(interval == splat<N>(k + 1), before, none);
  weights[0] = choose(interval == none, splat<N>(1), N(weights[0]));
}

}  // namespace torsor::TORSOR_ISA
