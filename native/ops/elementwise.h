// Ops that work column by column: activation, add, mul, scale, clamp, copy (concat and slice are copies of column ranges), parameter, clear.
// backward() finds dL/d(out) complete, and adds or assigns dL/d(in) as the instruction says.
#pragma once
#include "math/activation.h"
#include "ops/memory.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

template <class N> HD void give(N& gradient, N g, bool add) { gradient = add ? gradient + g : g; }

// f(gradient of in) for every vector of its columns, if anybody needs it.
template <class Tile, class F> HD void to_gradient(const Tile& t, const Operand& in, bool add, F f) {
  if (in.gradient < 0) return;
  auto* gradient = t.column(in.gradient);
  t.each(in.width, [&](int k) { give(gradient[k], f(k), add); });
}

struct Activate {
  static constexpr const char* name = "activation";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    const auto* in = t.column(q.in.column);
    auto* out = t.column(q.out.column);
    Activations::visit(q.variant, [&](auto activation) {
      t.each(q.out.width, [&](int k) { out[k] = decltype(activation)::f(in[k]); });
    });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const N* in = t.column(q.in.column);
    N *out = t.column(q.out.column), *derivative = t.column(q.derivative);
    Activations::visit(q.variant, [&](auto activation) {
      t.each(q.out.width, [&](int k) {
        const N x = in[k], y = decltype(activation)::f(x);
        out[k] = y;
        derivative[k] = decltype(activation)::df(x, y);
      });
    });
  }
  template <class Tile>
  static HD void backward(const Tile& t, const Memory&, const Instruction& q) {  // out.gradient is dL/dz: see run.h
    const auto* dz = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return dz[k]; });
  }
};

struct Add {
  static constexpr const char* name = "add";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    const auto *a = t.column(q.in.column), *b = t.column(q.in2.column);
    auto* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = a[k] + b[k]; });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    const auto* d = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return d[k]; });
    to_gradient(t, q.in2, q.add_to_in2, [&](int k) { return d[k]; });
  }
};

struct Multiply {
  static constexpr const char* name = "mul";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    const auto *a = t.column(q.in.column), *b = t.column(q.in2.column);
    auto* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = a[k] * b[k]; });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const N *a = t.column(q.in.column), *b = t.column(q.in2.column), *d = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return N(d[k] * b[k]); });
    to_gradient(t, q.in2, q.add_to_in2, [&](int k) { return N(d[k] * a[k]); });
  }
};

// y = factor x + shift
struct Scale {
  static constexpr const char* name = "scale";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    const auto* in = t.column(q.in.column);
    auto* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = in[k] * q.constant[0] + q.constant[1]; });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const N* d = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return N(d[k] * q.constant[0]); });
  }
};

// y = x within [low, high], else the nearer of the two. With variant 1 the gradient passes as if nothing were cut; else none does beyond the limits.
struct Clamp {
  static constexpr const char* name = "clamp";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const N* in = t.column(q.in.column);
    N* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = at_most<N>(q.constant[1], at_least<N>(q.constant[0], N(in[k]))); });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    const N *d = t.column(q.out.gradient), *in = t.column(q.in.column);
    to_gradient(t, q.in, q.add_to_in, [&](int k) {
      const N x = in[k];
      if (q.variant) return N(d[k]);
      return choose((x >= q.constant[0]) & (x <= q.constant[1]), N(d[k]), splat<N>(0));
    });
  }
};

struct Copy {
  static constexpr const char* name = "copy";
  template <class Tile> static HD void forward(const Tile& t, const Memory&, const Instruction& q) {
    const auto* in = t.column(q.in.column);
    auto* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = in[k]; });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    const auto* d = t.column(q.out.gradient);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return d[k]; });
  }
};

// A learned vector, the same for every row.
struct Parameter {
  static constexpr const char* name = "parameter";
  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    N* out = t.column(q.out.column);
    t.each(q.out.width, [&](int k) { out[k] = splat<N>(m.parameters[q.weight + k / t.groups]); });
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    forward(t, m, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    for (int k = 0; k < q.out.width; k++) t.add_sum(q.out.gradient + k, m.accumulators + q.d_weight + k);
  }
};

// Zeroes the gradient of a value some of whose readers take only a part of it: first in backward, so last in the list.
struct Clear {
  static constexpr const char* name = "clear";
  template <class Tile> static HD void forward(const Tile&, const Memory&, const Instruction&) {}
  template <class Tile> static HD void forward_keeping(const Tile&, const Memory&, const Instruction&) {}
  template <class Tile> static HD void backward(const Tile& t, const Memory&, const Instruction& q) {
    using N = typename Tile::N;
    to_gradient(t, q.out, false, [&](int) { return splat<N>(0); });
  }
};

}  // namespace torsor::TORSOR_ISA
