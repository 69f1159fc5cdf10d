// How long the steps of a differential equation are, and how many a solution may take.
#pragma once
#include "fast.h"

namespace torsor::TORSOR_ISA {

constexpr int max_steps = 4096;  // of one solution, rejected ones included

// The step control of diffrax 0.7 with its defaults (a purely integral one, Hairer, Norsett and Wanner 1993, II.4): a step is accepted when the
// root mean square of error / tolerance is below 1, and the next is 0.9 size^(-1 / order) times as long, within limits.
struct StepControl {
  static constexpr double relative = 1e-3, absolute = 1e-6, first = 0.01, safety = 0.9, near_the_end = 1e-10;

  // Squared, before the mean over the dimensions.
  template <class N> static HD N scaled_error(N error, N before, N after) {
    const N a = torsor::TORSOR_ISA::absolute(before), b = torsor::TORSOR_ISA::absolute(after);
    const N scaled = error / (choose(a > b, a, b) * relative + absolute);
    return scaled * scaled;
  }

  // From the mean of the squares. An error that is no number shortens the step as far as any error can.
  template <class N> static HD N factor(N square, int order) {
    const N within = at_most<N>(1e300, at_least<N>(1e-300, square));
    const N wanted = choose(square < 1e300, N(safety * exp_of(N(log_of(within) * (-0.5 / order)))), splat<N>(0));
    const auto accepted = square < 1;
    const N low = choose(accepted, splat<N>(1), splat<N>(0.2)), high = choose(accepted, splat<N>(10), splat<N>(0.9));
    const N cut = choose(wanted < high, wanted, high);
    return choose(cut > low, cut, low);
  }

  // Where the next step shall end: at the end if that is near, after a rejection half way to it.
  template <class Mask, class N> static HD N clipped(N next, N t, N end, Mask accepted) {
    return choose(next > end - near_the_end, choose(accepted, end, N(t + (end - t) * 0.5)), next);
  }
};

}  // namespace torsor::TORSOR_ISA
