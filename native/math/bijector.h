// All bijectors by name, and chains of them: forward, inverse, and the gradient of log |det J|.
#pragma once
#include "bijector_chain.h"
#include "list.h"
#include "maxnorm.h"

namespace torsor::TORSOR_ISA {

using Bijectors = List<IdentityBijector, BoxBijector, MaxNormBijector, TanhBijector, SigmoidBijector, SoftplusBijector,
                       ExpBijector, ScalarAffineBijector, GumbelCdfBijector>;

// The numbers of an event, wherever they lie. Not any callable: the steps of a chain are compiled once for all of them.
template <class N> struct Event {
  N* first;
  int64_t stride;
  HD N& operator()(int d) const { return first[d * stride]; }
  HD Event from(int d) const { return {first + d * stride, stride}; }
};

// One step of a chain on an event, in place; `backwards` exchanges its two directions. Adds its log |det J|. Here and below `dims` are all
// dimensions of the chain or a group of them, whose constants stand first.
template <class N>
OUTLINED void apply_step(const BijectorChain& chain, int dims, int k, bool backwards, const Scalar<N>* constants,
                         Event<N> e, N& log_det) {
  const BijectorStep& step = chain.step[k];
  const Scalar<N>* const first = constants + step.parameters;
  const bool inverse = bool(step.inverse) != backwards;
  Bijectors::visit(step.kind, [&](auto b) {
    using B = decltype(b);
    if constexpr (B::vector) {
      for (int start = 0; start < dims; start += step.size) {
        const Parameters<Scalar<N>> p{first + start, chain.dims};
        const Event<N> group = e.from(start);
        if (inverse)
          B::template inverse<N>(p, step.size, group, log_det);
        else
          B::template forward<N>(p, step.size, group, log_det);
      }
    } else {
      for (int d = 0; d < dims; d++) {
        const Parameters<Scalar<N>> p{first + d, chain.dims};
        const Terms<N> t = inverse ? B::template inverse<N>(p, e(d)) : B::template forward<N>(p, e(d));
        e(d) = t.y;
        log_det += t.log_det;
      }
    }
  });
}

// x to y in place; adds log |det dy/dx|.
template <class N>
HD void chain_forward(const BijectorChain& chain, const Scalar<N>* constants, Event<N> e, N& log_det) {
  for (int k = 0; k < chain.length; k++) apply_step<N>(chain, chain.dims, k, false, constants, e, log_det);
}

// y to x in place; adds log |det dx/dy|.
template <class N>
HD void chain_inverse(const BijectorChain& chain, const Scalar<N>* constants, Event<N> e, N& log_det) {
  for (int k = chain.length - 1; k >= 0; k--) apply_step<N>(chain, chain.dims, k, true, constants, e, log_det);
}

// A bijector of one dimension with its derivatives, for entropies and gradients.
template <class B, class N> OUTLINED Terms<N> scalar_step(bool inverse, const Parameters<Scalar<N>>& p, N x) {
  return inverse ? B::template inverse<N>(p, x) : B::template forward<N>(p, x);
}

// log |dy/dx| of dimension d of a chain without vector steps, and its derivative with respect to x by the chain rule.
template <class N>
HD N scalar_chain_log_det(const BijectorChain& chain, const Scalar<N>* constants, int d, N x, N& derivative) {
  N log_det = splat<N>(0), slope = splat<N>(1);
  derivative = splat<N>(0);
  for (int k = 0; k < chain.length; k++) {
    const BijectorStep& step = chain.step[k];
    const Parameters<Scalar<N>> p{constants + step.parameters + d, chain.dims};
    Bijectors::visit(step.kind, [&](auto b) {
      using B = decltype(b);
      if constexpr (!B::vector) {
        const Terms<N> t = scalar_step<B>(bool(step.inverse), p, x);
        log_det += t.log_det;
        derivative += t.d_log_det * slope;
        slope *= t.slope;
        x = t.y;
      }
    });
  }
  return log_det;
}

// Reverse mode through one step (see apply_step): e holds its input, g comes as dF/d(output) and leaves as d(F +
// log_det)/d(input).
template <class N>
OUTLINED void step_gradient(const BijectorChain& chain, int dims, int k, bool backwards, const Scalar<N>* constants,
                            Event<N> e, Event<N> g, N& log_det) {
  const BijectorStep& step = chain.step[k];
  const Scalar<N>* const first = constants + step.parameters;
  const bool inverse = bool(step.inverse) != backwards;
  Bijectors::visit(step.kind, [&](auto b) {
    using B = decltype(b);
    if constexpr (B::vector) {
      for (int start = 0; start < dims; start += step.size) {
        const Parameters<Scalar<N>> p{first + start, chain.dims};
        const Event<N> group = e.from(start), gradient = g.from(start);
        if (inverse)
          B::template inverse_gradient<N>(p, step.size, group, gradient, log_det);
        else
          B::template forward_gradient<N>(p, step.size, group, gradient, log_det);
      }
    } else {
      for (int d = 0; d < dims; d++) {
        const Parameters<Scalar<N>> p{first + d, chain.dims};
        const Terms<N> t = scalar_step<B>(inverse, p, e(d));
        g(d) = t.slope * g(d) + t.d_log_det;
        log_det += t.log_det;
      }
    }
  });
}

// Widest event of chains with vector steps where gradients are wanted: their values are kept on the stack.
constexpr int max_event = 64;

// log |det| of a whole chain at x (`N x(int d)`). g comes as dF/dy and leaves as d(F + log |det|)/dx.
// `backwards` takes the chain from y to x. The input of each step is computed again from x, instead of keeping all of
// them: chains are short, and one step, the common case, needs nothing.
template <class N, class Point>
HD N chain_gradient(const BijectorChain& chain, int dims, bool backwards, const Scalar<N>* constants, Point&& x,
                    Event<N> g) {
  N value[max_event], log_det = splat<N>(0);
  const Event<N> e{value, 1};
  const int n = chain.length;
  for (int last = n - 1; last >= 0; last--) {
    N unused = splat<N>(0);
    for (int d = 0; d < dims; d++) value[d] = x(d);
    for (int k = 0; k < last; k++)
      apply_step<N>(chain, dims, backwards ? n - 1 - k : k, backwards, constants, e, unused);
    step_gradient<N>(chain, dims, backwards ? n - 1 - last : last, backwards, constants, e, g, log_det);
  }
  return log_det;
}

}  // namespace torsor::TORSOR_ISA
