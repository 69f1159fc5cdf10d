// A tile of rows through the steps of a sequence. The carry passes from the columns `out` of a step to the columns `in` of the next, and
// is cleared where an episode ended in between; its gradient takes the same way back.
#pragma once
#include "program/run.h"

namespace torsor::TORSOR_ISA {

// Steps that training keeps at once.
HD int segment_length(const Sequence& s) { return s.segment > 0 && s.segment < s.steps ? s.segment : s.steps; }

// `from` and `to` may be tiles with columns of their own.
template <class Tile> HD void copy_columns(const Tile& from, int source, const Tile& to, int target, int width) {
  const auto* x = from.column(source);
  auto* y = to.column(target);
  to.each(width, [&](int k) { y[k] = x[k]; });
}

template <class Tile> HD void clear_columns(const Tile& t, int column, int width) {
  using N = typename Tile::N;
  auto* x = t.column(column);
  t.each(width, [&](int k) { x[k] = splat<N>(0); });
}

// Zeroes columns in the rows whose episode ended at this step of the tile.
template <class Tile> HD void clear_done(const Tile& t, const uint8_t* done, int column, int width) {
  using N = typename Tile::N;
  if (!done) return;
  t.each_group([&](int g) {
    const N ended = t.flag(done, g);
    for (int c = column; c < column + width; c++) t.at(c, g) = choose(ended > 0, splat<N>(0), N(t.at(c, g)));
  });
}

template <class Tile> HD Tile rows_of_carry(Tile t, const Sequence& s) {
  t.base = 0;
  t.index = s.carry_index;
  return t;
}

// The carry of a row-major array [rows][carry_width], into columns from `column` on.
template <class Tile> HD void load_carry(const Tile& t, const Program& p, const Sequence& s, int column) {
  if (s.carry)
    rows_of_carry(t, s).load(column, p.carry_width, s.carry);
  else
    clear_columns(t, column, p.carry_width);
}

template <class Tile> HD void carry_to_states(const Tile& from, int column, const Tile& to, const Program& p) {
  for (int k = 0; k < p.states; k++) {
    copy_columns(from, column, to, p.state[k].in.column, p.state[k].in.width);
    column += p.state[k].in.width;
  }
}

template <class Tile> HD void states_to_carry(const Tile& from, const Tile& to, int column, const Program& p) {
  for (int k = 0; k < p.states; k++) {
    copy_columns(from, p.state[k].out.column, to, column, p.state[k].out.width);
    column += p.state[k].out.width;
  }
}

// Inference: step(tile) for every step; p.carry are columns for the carry between steps.
template <class Tile, class Step> HD void run_steps(Tile t, const Program& p, const Sequence& s, Step step) {
  if (p.states) load_carry(t, p, s, p.carry);
  for (int k = 0; k < s.steps; k++, t.base += s.stride) {
    if (p.states) carry_to_states(t, p.carry, t, p);
    step(t);
    if (!p.states) continue;
    states_to_carry(t, t, p.carry, p);
    clear_done(t, s.done, p.carry, p.carry_width);
  }
  if (p.states && s.final_carry) {
    t.base = 0;
    t.index = nullptr;
    t.store(p.carry, p.carry_width, s.final_carry);
  }
}

// Training. Steps of one segment are kept in a tile each, `stride` vectors apart, from the columns of `t` on; `carries` has room for the
// carry before every segment and behind them one more, for the gradient of the carry.
template <class Tile> struct SequenceGradient {
  using N = typename Tile::N;
  Tile t, carries;
  const Program& p;
  const GradientIO& io;
  const Memory& m;
  int length;  // steps of a segment

  HD Tile at_step(int step) const {
    Tile tile = t;
    tile.columns += int64_t(step % length) * p.columns * Tile::groups;
    tile.base = step * io.sequence.stride;
    return tile;
  }
  HD Tile carry(int segment) const {
    Tile tile = carries;
    tile.columns += int64_t(segment) * p.carry_width * Tile::groups;
    return tile;
  }

  // The carry after a step, which is what the next one sees.
  HD void carry_after(const Tile& step, const Tile& to) const {
    states_to_carry(step, to, 0, p);
    Tile flags = to;
    flags.base = step.base;
    clear_done(flags, io.sequence.done, 0, p.carry_width);
  }

  HD void forward(int segment, int segments, bool loss) const {
    const int first = segment * length, end = first + length < io.sequence.steps ? first + length : io.sequence.steps;
    const Tile between = carry(segments + 1);
    carry_to_states(carry(segment), 0, at_step(first), p);
    for (int k = first; k < end; k++) {
      const Tile tile = at_step(k);
      run_keeping(tile, p, io, m);
      if (loss && k >= io.sequence.burn_in) run_loss(tile, p, io);
      if (k + 1 == io.sequence.steps) break;
      const Tile to = k + 1 == end ? carry(segment + 1) : between;
      carry_after(tile, to);
      if (k + 1 < end) carry_to_states(to, 0, at_step(k + 1), p);
    }
  }

  HD void run() const {
    const int steps = io.sequence.steps, segments = (steps + length - 1) / length;
    load_carry(carries, p, io.sequence, 0);
    for (int segment = 0; segment + 1 < segments; segment++) forward(segment, segments, false);
    const Tile d_carry = carry(segments);
    clear_columns(d_carry, 0, p.carry_width);
    for (int segment = segments - 1; segment >= 0; segment--) {
      forward(segment, segments, true);
      const int first = segment * length, end = first + length < steps ? first + length : steps;
      for (int k = end - 1; k >= first && k >= io.sequence.burn_in; k--) backward(at_step(k), d_carry);
    }
    if (io.sequence.d_carry) rows_of_carry(d_carry, io.sequence).store(0, p.carry_width, io.sequence.d_carry);
  }

  // `d_carry` holds the gradient of the carry after the step, then that of the carry before it.
  HD void backward(const Tile& step, const Tile& d_carry) const {
    Tile flags = d_carry;
    flags.base = step.base;
    clear_done(flags, io.sequence.done, 0, p.carry_width);
    int column = 0;
    for (int k = 0; k < p.states; column += p.state[k++].out.width)
      if (p.state[k].out.gradient >= 0)
        copy_columns(d_carry, column, step, p.state[k].out.gradient, p.state[k].out.width);
    run_backward(step, p, io, m);
    column = 0;
    for (int k = 0; k < p.states; column += p.state[k++].in.width)
      if (p.state[k].in.gradient >= 0)
        copy_columns(step, p.state[k].in.gradient, d_carry, column, p.state[k].in.width);
      else
        clear_columns(d_carry, column, p.state[k].in.width);
  }
};

}  // namespace torsor::TORSOR_ISA
