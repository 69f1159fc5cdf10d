// A tile of rows through the steps of a sequence. The carry passes from the columns `out` of a step to the columns `in` of the next, and
// is cleared where an episode ended in between; its gradient takes the same way back. Where the program allows it and rows are few, a tile
// holds several steps at once: time is parallel like the batch, and only the carry passes from tile to tile.
#pragma once
#include "program/run.h"

namespace torsor::TORSOR_ISA {

// Steps of one tile with room for `room` rows, for `rows` rows of the batch. It depends on nothing that may differ between runs, as the
// order of sums does.
HD int steps_of_tile(const Program& p, const Sequence& s, int rows, int room = tile_rows) {
  if (!p.steps_at_once || s.steps == 1) return 1;
  int steps = room / rows < s.steps ? room / rows : s.steps;
  while (steps > 1 && s.burn_in % steps) steps--;  // a tile is either part of the burn-in or not
  return steps > 1 ? steps : 1;
}

// Steps that training keeps at once: whole tiles, so that the sums of a scan do not depend on it.
HD int segment_length(const Sequence& s, int span) {
  const int length = (s.segment + span - 1) / span * span;
  return length > 0 && length < s.steps ? length : s.steps;
}

// The rows of a tile at the steps first ... first + steps - 1.
template <class Tile> HD Tile at_steps(Tile rows, const Sequence& s, int first, int steps) {
  rows.base = first * s.stride;
  if (steps == 1) return rows;
  rows.lag = rows.live;
  rows.live *= steps;
  rows.stride = s.stride;
  return rows;
}

// `from` and `to` may be tiles with columns of their own; with a distance, the rows of `from` come down by it.
template <class Tile>
HD void copy_columns(const Tile& from, int source, const Tile& to, int target, int width, int distance = 0) {
  if (distance) {
    to.each_group([&](int g) {
      for (int k = 0; k < width; k++) to.at(target + k, g) = from.shifted(source + k, distance, g);
    });
    return;
  }
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

// The states after the last step of a tile.
template <class Tile>
HD void states_to_carry(const Tile& from, const Tile& to, int column, const Program& p, int steps) {
  const int last = (steps - 1) * from.lag;
  for (int k = 0; k < p.states; k++) {
    copy_columns(from, p.state[k].out.column, to, column, p.state[k].out.width, -last);
    column += p.state[k].out.width;
  }
}

// Inference: step(tile) for every step, or `span` steps at once; p.carry are columns for the carry in between.
template <class Tile, class Step>
HD void run_steps(const Tile& rows, const Program& p, const Sequence& s, int span, Step step) {
  if (p.states) load_carry(rows, p, s, p.carry);
  for (int first = 0; first < s.steps; first += span) {
    const int steps = first + span < s.steps ? span : s.steps - first;
    const Tile t = at_steps(rows, s, first, steps);
    if (p.states) carry_to_states(t, p.carry, t, p);
    step(t);
    if (!p.states) continue;
    states_to_carry(t, t, p.carry, p, steps);
    clear_done(at_steps(rows, s, first + steps - 1, 1), s.done, p.carry, p.carry_width);
  }
  if (p.states && s.final_carry) {
    Tile t = rows;
    t.index = nullptr;
    t.store(p.carry, p.carry_width, s.final_carry);
  }
}

// Training. Tiles of one segment are kept, p.columns apart, from the columns of `rows` on; `carries` has room for the carry before every
// segment and behind them two more, for the carry in between and for its gradient.
template <class Tile> struct SequenceGradient {
  using N = typename Tile::N;
  Tile rows, carries;
  const Program& p;
  const GradientIO& io;
  const Memory& m;
  int span;    // steps of a tile
  int length;  // steps of a segment

  HD int steps_from(int first) const {
    const int left = io.sequence.steps - first;
    return left < span ? left : span;
  }
  HD Tile columns_of(int tile) const {
    Tile t = rows;
    t.columns += int64_t(tile) * p.columns * t.groups;
    return t;
  }
  HD Tile at(int first) const {
    return at_steps(columns_of(first % length / span), io.sequence, first, steps_from(first));
  }
  HD Tile carry(int segment) const {
    Tile tile = carries;
    tile.columns += int64_t(segment) * p.carry_width * tile.groups;
    return tile;
  }

  // Clears columns of a carry, or of its gradient, in the rows whose episode ended with the last step of a tile.
  HD void clear_ended(const Tile& carry, int first) const {
    clear_done(at_steps(carry, io.sequence, first + steps_from(first) - 1, 1), io.sequence.done, 0, p.carry_width);
  }

  HD void forward(int segment, int segments, bool loss) const {
    const int begin = segment * length, end = begin + length < io.sequence.steps ? begin + length : io.sequence.steps;
    const Tile between = carry(segments);
    carry_to_states(carry(segment), 0, at(begin), p);
    for (int first = begin; first < end; first += span) {
      const Tile tile = at(first);
      run_keeping(tile, p, io, m);
      if (loss && first >= io.sequence.burn_in) run_loss(tile, p, io);
      const int next = first + span;
      if (next >= io.sequence.steps) break;
      const Tile to = next >= end ? carry(segment + 1) : between;
      states_to_carry(tile, to, 0, p, span);
      clear_ended(to, first);
      if (next < end) carry_to_states(to, 0, at(next), p);
    }
  }

  HD void run() const {
    const int steps = io.sequence.steps, segments = (steps + length - 1) / length;
    load_carry(carries, p, io.sequence, 0);
    const Tile d_carry = carry(segments + 1);
    clear_columns(d_carry, 0, p.carry_width);
    // Forward to the last segment, then backward from there; one loop, because a GPU inlines what it calls.
    for (int pass = 0; pass < 2 * segments - 1; pass++) {
      const bool back = pass >= segments - 1;
      const int segment = back ? 2 * segments - 2 - pass : pass;
      forward(segment, segments, back);
      if (!back) continue;
      const int begin = segment * length, end = begin + length < steps ? begin + length : steps;
      for (int first = begin + (end - begin - 1) / span * span; first >= begin && first >= io.sequence.burn_in;
           first -= span)
        backward(first, d_carry);
    }
    if (io.sequence.d_carry) rows_of_carry(d_carry, io.sequence).store(0, p.carry_width, io.sequence.d_carry);
  }

  // `d_carry` holds the gradient of the carry after the steps of the tile, then that of the carry before them.
  HD void backward(int first, const Tile& d_carry) const {
    const Tile tile = at(first);
    clear_ended(d_carry, first);
    const int last = (steps_from(first) - 1) * tile.lag;
    int column = 0;
    for (int k = 0; k < p.states; column += p.state[k++].out.width)
      if (p.state[k].out.gradient >= 0)
        copy_columns(d_carry, column, tile, p.state[k].out.gradient, p.state[k].out.width, last);
    run_backward(tile, p, io, m);
    column = 0;
    for (int k = 0; k < p.states; column += p.state[k++].in.width)
      if (p.state[k].in.gradient >= 0)
        copy_columns(tile, p.state[k].in.gradient, d_carry, column, p.state[k].in.width);
      else
        clear_columns(d_carry, column, p.state[k].in.width);
  }
};

}  // namespace torsor::TORSOR_ISA
