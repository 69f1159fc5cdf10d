// One step of an LSTM: from x and the carry [h | c] to the next carry. Its four products are one: [x | h] times a weight
// [inputs + units][4 units], gates in the order i, f, g, o. Columns of its own hold [x | h], then the gates, then tanh c'.
#pragma once
#include "math/lstm_cell.h"
#include "ops/elementwise.h"
#include "ops/linear.h"

namespace torsor::TORSOR_ISA {

struct Lstm {
  static constexpr const char* name = "lstm";

  // The product as an instruction. In backward the gradients take the columns of what they belong to, which nobody needs any more.
  static HD Instruction product(const Instruction& q, bool gradients) {
    const int units = q.out.width / 2, inputs = q.in.width + units;
    Instruction linear = q;
    linear.variant = 0;  // identity
    linear.in = {q.derivative, inputs, gradients ? q.derivative : -1};
    linear.out = {q.derivative + inputs, 4 * units, gradients ? q.derivative + inputs : -1};
    linear.derivative = linear.derivative_of_in = linear.derivative_of_out = -1;
    linear.add_to_in = false;
    return linear;
  }

  // The tile's rows in the arrays of an LSTM that is run elsewhere.
  template <class Tile> static HD Tile elsewhere(Tile t, const Recurrence& r) {
    t.index = r.place;
    t.base = 0;
    return t;
  }

  template <class Tile> static HD void exchange(const Tile& t, const Recurrence& r, const Instruction& q) {
    const int units = q.out.width / 2;
    if (r.x) return elsewhere(t, r).store(q.in.column, q.in.width, r.x);
    elsewhere(t, r).load(q.out.column, units, r.h);
    clear(t, q.out.column + units, units);  // nobody reads c: see Program::lone_lstm
  }

  template <class Tile> static HD void exchange_back(const Tile& t, const Recurrence& r, const Instruction& q) {
    if (q.in2.gradient >= 0) clear(t, q.in2.gradient, q.in2.width);
    if (r.d_h) return elsewhere(t, r).store(q.out.gradient, q.out.width / 2, r.d_h);
    if (q.in.gradient < 0) return;
    elsewhere(t, r).load(q.derivative, q.in.width, r.d_x);  // columns that only steps of our own need
    const auto* d_x = t.column(q.derivative);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return d_x[k]; });
  }

  template <class Tile> static HD void clear(const Tile& t, int column, int width) {
    auto* x = t.column(column);
    t.each(width, [&](int k) { x[k] = splat<typename Tile::N>(0); });
  }

  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    if (m.recurrence.place) return exchange(t, m.recurrence, q);
    step(t, q, [&](const Instruction& linear) { linear_forward(t, m.parameters, m.packed, linear); });
  }

  // In training the product fills the rows that do not exist too: backward sums over all, and what is left there may be NaN.
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    if (m.recurrence.place) return exchange(t, m.recurrence, q);
    step(t, q, [&](const Instruction& linear) { linear_forward_keeping(t, m.parameters, m.packed, linear); });
  }

  template <class Tile, class Multiply> static HD void step(const Tile& t, const Instruction& q, Multiply multiply) {
    using N = typename Tile::N;
    const int units = q.out.width / 2;
    const N *x = t.column(q.in.column), *carry = t.column(q.in2.column);
    N* inputs = t.column(q.derivative);
    t.each(q.in.width, [&](int k) { inputs[k] = x[k]; });
    N* h = t.column(q.derivative + q.in.width);
    t.each(units, [&](int k) { h[k] = carry[k]; });
    multiply(product(q, false));
    cell(t, q);
  }

  // From what the product leaves to the next carry.
  template <class Tile> static HD void cell(const Tile& t, const Instruction& q) {
    using N = typename Tile::N;
    const int units = q.out.width / 2;
    const Instruction linear = product(q, false);
    N *i = t.column(linear.out.column), *f = t.column(linear.out.column + units),
      *g = t.column(linear.out.column + 2 * units), *o = t.column(linear.out.column + 3 * units),
      *tanh_c = t.column(linear.out.column + 4 * units);
    const N* c = t.column(q.in2.column + units);
    N *next_h = t.column(q.out.column), *next_c = t.column(q.out.column + units);
    t.each(units, [&](int k) {
      const LstmGates<N> gate = lstm_gates(i[k], f[k], g[k], o[k]);
      const LstmCell<N> cell = lstm_cell(gate, c[k]);
      i[k] = gate.i;
      f[k] = gate.f;
      g[k] = gate.g;
      o[k] = gate.o;
      tanh_c[k] = cell.tanh_c;
      next_c[k] = cell.c;
      next_h[k] = cell.h;
    });
  }

  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    using N = typename Tile::N;
    if (m.recurrence.place) return exchange_back(t, m.recurrence, q);
    const int units = q.out.width / 2;
    const Instruction linear = product(q, true);
    N *i = t.column(linear.out.column), *f = t.column(linear.out.column + units),
      *g = t.column(linear.out.column + 2 * units), *o = t.column(linear.out.column + 3 * units);
    const N *tanh_c = t.column(linear.out.column + 4 * units), *c = t.column(q.in2.column + units);
    const N *d_h = t.column(q.out.gradient), *d_c = t.column(q.out.gradient + units);
    const bool carried = q.in2.gradient >= 0;
    N* d_carry = carried ? t.column(q.in2.gradient) : nullptr;
    const int c_at = units * t.groups;  // c stands behind h
    t.each(units, [&](int k) {
      const LstmGradient<N> d = lstm_gradient(LstmGates<N>{i[k], f[k], g[k], o[k]}, c[k], tanh_c[k], d_h[k], d_c[k]);
      i[k] = d.i;
      f[k] = d.f;
      g[k] = d.g;
      o[k] = d.o;
      if (carried) give(d_carry[c_at + k], d.c, q.add_to_in2);
    });
    linear_backward(t, m, linear);
    const N *d_x = t.column(q.derivative), *d_previous = t.column(q.derivative + q.in.width);
    to_gradient(t, q.in, q.add_to_in, [&](int k) { return d_x[k]; });
    if (carried) t.each(units, [&](int k) { give(d_carry[k], d_previous[k], q.add_to_in2); });
  }
};

}  // namespace torsor::TORSOR_ISA
