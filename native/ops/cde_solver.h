// Solves the equation of ops/neural_cde.h for several rows at once: a row per lane of N.
#pragma once
#include "math/hermite.h"
#include "math/runge_kutta.h"
#include "math/step_control.h"
#include "ops/cde_layout.h"
#include "ops/window.h"

namespace torsor::TORSOR_ISA {

template <class View, class N> struct CdeSolver {
  using S = Scalar<N>;
  using C = typename View::template Cells<N>;
  static constexpr int rows_at_once = lanes<N>;
  static constexpr bool adaptive = is_double<N>;

  const View t;
  const Instruction& q;
  const Tableau<S> ode;
  const CdeLayout at;
  const C cells;
  const S* const parameters;
  N now = splat<N>(0), next = now, end = now, constant_step = now, attempts = now;
  int row[rows_at_once];    // of each lane; -1: none
  int count[rows_at_once];  // accepted steps
  bool fresh = false;       // a row has no first stage yet

  // Numbers that all rows share lie behind those of the rows: the tableau and the parameters of the field.
  static HD S* shared(const Memory& m, const Instruction& q) {
    return reinterpret_cast<S*>(m.scratch + int64_t(q.solve.cells) * View::cell_floats);
  }
  template <class Tile> static HD void load_shared(const Tile& t, const Memory& m, const Instruction& q) {
    S* const to = shared(m, q);
    t.spread(1, [&](int) { write_tableau(q.solve.solver, to); });
    S* const copies = to + tableau_of<S>(q.solve.solver, to).size();
    t.spread(CdeLayout(q, 1).field.parameters(), [&](int k) { copies[k] = m.parameters[q.weight + k]; });
  }

  HD CdeSolver(const View& tile, const Memory& m, const Instruction& instruction, int first)
      : t(tile),
        q(instruction),
        ode(tableau_of<S>(instruction.solve.solver, shared(m, instruction))),
        at(instruction, ode.stages),
        cells(tile.template cells<N>(m.scratch, first)),
        parameters(ode.numbers + ode.size()) {
    clear(0, at.inference);
    for (int i = 0; i < rows_at_once; i++) row[i] = -1;
  }

  HD void clear(int from, int size) {
    for (int k = from; k < from + size; k++) cells[k] = splat<N>(0);
  }
  HD C stage(int j) const { return cells + at.stages + j * at.latent; }
  HD C kept(int j) const { return cells + at.kept + j * at.stage_size; }
  HD C weights(C kept) const { return kept + at.latent; }
  HD C dx(C kept) const { return kept + at.latent + at.intervals; }
  HD C work(C kept) const { return kept + at.latent + at.intervals + at.channels; }
  HD S& number(int k, int i) const { return lane(cells[k], i); }

  // Lane i takes a row: its knots from the oldest on, its slopes, z0. A window that makes no sense gives NaN at once.
  HD void load(int of, int i) {
    row[i] = of;
    count[i] = 0;
    fresh = true;
    const int window = q.in2.column, n = at.channels;
    const S filled = t.number(Window::count(window), of), oldest = t.number(Window::age(window, 0), of);
    bool sound = filled >= 1 && filled <= at.history;
    const int points = sound ? int(filled) : 1;
    S nonsense = 0;  // NaN where something is not finite
    for (int k = 0; k < at.history; k++)
      number(at.knots + k, i) = k < points ? oldest - t.number(Window::age(window, k), of) : S(__builtin_huge_val());
    for (int k = 0; k < at.intervals; k++) {
      const bool there = k + 1 < points;
      const S length = there ? number(at.knots + k + 1, i) - number(at.knots + k, i) : 1;
      sound &= length > 0;
      number(at.inverse + k, i) = there ? 1 / length : 0;
      for (int j = 0; j < n && k + 1 < at.history; j++) {
        const S rise = S(t.number(Window::x(window, at.history, n, k + 1) + j, of)) -
                       S(t.number(Window::x(window, at.history, n, k) + j, of));
        const S slope = there ? rise / length : 0;
        number(at.slopes + k * n + j, i) = slope;
        nonsense += slope * 0;
      }
    }
    for (int l = 0; l < at.latent; l++) {
      number(at.z + l, i) = t.number(q.in.column + l, of);
      nonsense += number(at.z + l, i) * 0;
    }
    sound &= points == filled && nonsense == 0;
    const S time = sound ? number(at.knots + points - 1, i) : 0;
    lane(now, i) = 0;
    lane(end, i) = time;
    lane(attempts, i) = 0;
    lane(constant_step, i) = points > 1 ? time / (points - 1) : 0;
    const S first = ode.estimates_error ? S(StepControl::first) : lane(constant_step, i);
    lane(next, i) = first < time ? first : time;
    if (!sound)
      for (int l = 0; l < at.latent; l++) number(at.z + l, i) = S(__builtin_nan(""));
  }

  HD bool finished(int i) { return !(lane(now, i) < lane(end, i)) || lane(attempts, i) >= max_steps; }

  HD void store(int i) {
    const bool reached = !(lane(now, i) < lane(end, i));
    for (int l = 0; l < at.latent; l++)
      t.number(q.out.column + l, row[i]) = reached ? float(number(at.z + l, i)) : __builtin_nanf("");
  }

  // F of a stage whose y is in place, from the weights of the slopes `low` to `high`.
  template <bool Keep> HD void evaluate(int j, C k, int low, int high) {
    C x = dx(k), weight = weights(k);
    const C slopes = cells + at.slopes;
    for (int c = 0; c < at.channels; c++) {
      N sum = splat<N>(0);
      for (int i = low; i <= high; i++) sum += N(weight[i]) * slopes[i * at.channels + c];
      x[c] = sum;
    }
    at.field.template evaluate<Keep, N>(parameters, k, x, work(k), stage(j));
  }
  // One body for all calls: the bits of a row must not depend on what the rows beside it do.
  template <bool Keep> OUTLINED void evaluate_at(int j, C k, N time) {
    slope_weights(at.intervals, cells + at.knots, cells + at.inverse, time, weights(k));
    evaluate<Keep>(j, k, 0, at.intervals - 1);
  }
  // The same after a share of an interval.
  template <bool Keep> OUTLINED void evaluate_within(int j, C k, int interval, S share) {
    const S own = own_slope(share);
    const int before = interval > 0 ? interval - 1 : 0;
    for (int i = 0; i < at.intervals; i++) weights(k)[i] = splat<N>(0);
    weights(k)[before] = splat<N>(1 - own);
    weights(k)[interval] = splat<N>(interval > 0 ? own : 1);
    evaluate<Keep>(j, k, before, interval);
  }

  // y = z + h sum of the first stages, by weight(stage).
  template <class Weight> HD void combine(C y, N h, int stages, Weight weight) {
    for (int l = 0; l < at.latent; l++) {
      N sum = splat<N>(0);
      for (int k = 0; k < stages; k++) sum += N(stage(k)[l]) * weight(k);
      y[l] = cells[at.z + l] + h * sum;
    }
  }
  HD void combine_stage(C y, N h, int j) {
    combine(y, h, j, [&](int k) { return ode.a(j, k); });
  }
  HD void combine_result(C y, N h) {
    combine(y, h, ode.result_stages(), [&](int k) { return ode.b(k); });
  }

  HD N stage_time(int j, N h) const { return ode.c(j) == 1 ? next : N(now + ode.c(j) * h); }

  // One step of every lane, accepted or not; lanes that have arrived stay where they are, for their h is 0.
  HD void attempt(bool record) {
    const N h = next - now;
    const C y = kept(0);
    if (fresh || !ode.last_is_first) {
      combine_stage(y, h, 0);
      evaluate_at<false>(0, y, now);
      fresh = false;
    }
    for (int j = 1; j < ode.stages; j++) {
      combine_stage(y, h, j);
      evaluate_at<false>(j, y, stage_time(j, h));
    }
    if (!ode.last_is_first) combine_result(y, h);

    N square = splat<N>(0);
    if (ode.estimates_error) {
      for (int l = 0; l < at.latent; l++) {
        N error = splat<N>(0);
        for (int j = 0; j < ode.stages; j++) error += N(stage(j)[l]) * ode.e(j);
        square += StepControl::scaled_error(N(h * error), N(cells[at.z + l]), N(y[l]));
      }
      square *= S(1) / at.latent;
    }
    const auto accepted = square < 1;
    if (record) remember(choose(accepted & (now < end), splat<N>(1), splat<N>(0)));
    attempts += choose(now < end, splat<N>(1), splat<N>(0));
    now = choose(accepted, choose(next < end, next, end), now);
    const N further =
        ode.estimates_error ? N(now + h * StepControl::factor(square, ode.order)) : N(now + constant_step);
    next = StepControl::clipped(further, now, end, accepted);
    for (int l = 0; l < at.latent; l++) {
      N& z = cells[at.z + l];
      z = choose(accepted, N(y[l]), z);
      if (ode.last_is_first) {
        N& first = stage(0)[l];
        first = choose(accepted, N(stage(ode.stages - 1)[l]), first);
      }
    }
  }

  HD C step(int k) const { return cells + at.steps + k * at.step_floats; }

  HD void remember(N accepted) {
    for (int i = 0; i < rows_at_once; i++) {
      if (!(lane(accepted, i) > 0)) continue;
      const C to = step(count[i]++);
      lane(to[0], i) = lane(now, i);
      for (int l = 0; l < at.latent; l++) lane(to[1 + l], i) = number(at.z + l, i);
    }
  }

  HD void solve(int first, int limit) {
    if constexpr (adaptive)
      adaptive_steps(first, limit, true, false);
    else
      for (; first < limit; first += rows_at_once) {
        take(first, limit);
        fixed_steps(false);
        for (int i = 0; i < rows_at_once && first + i < limit; i++) store(i);
      }
  }

  // A lane whose row has arrived takes the next one.
  HD void adaptive_steps(int first, int limit, bool results, bool record) {
    for (;;) {
      bool busy = false;
      for (int i = 0; i < rows_at_once; i++) {
        while (row[i] < 0 || finished(i)) {
          if (row[i] >= 0) {
            if (results) store(i);
            if (lane(now, i) < lane(end, i)) count[i] = 0;  // given up
            lane(now, i) = lane(next, i) = lane(end, i);
            row[i] = -1;
          }
          if (first == limit) break;
          load(first++, i);
        }
        busy |= row[i] >= 0;
      }
      if (!busy) return;
      attempt(record);
    }
  }

  // One row per lane, from `first` on; lanes without a row hold zeros.
  HD void take(int first, int limit) {
    clear(0, at.inference);
    now = next = end = attempts = splat<N>(0);
    for (int i = 0; i < rows_at_once; i++) {
      row[i] = -1;
      count[i] = 0;
      if (first + i < limit) load(first + i, i);
    }
  }

  // Length of the steps within an interval; 0 where the window has no such interval.
  HD N fixed_length(int interval) const {
    const C knot = cells + at.knots + interval;
    const N length = N(knot[1]) - N(knot[0]);
    return choose(N(cells[at.inverse + interval]) > 0, N(length * (S(1) / q.solve.substeps)), splat<N>(0));
  }

  // Returns how many steps the longest window took.
  HD int fixed_steps(bool record) {
    int steps = 0;
    for (int interval = 0; interval + 1 < at.history; interval++) {
      const N h = fixed_length(interval);
      bool any = false;
      for (int i = 0; i < rows_at_once; i++) {
        N length = h;
        any |= lane(length, i) != 0;
      }
      if (!any) break;
      for (int part = 0; part < q.solve.substeps; part++) {
        if (record)
          for (int l = 0; l < at.latent; l++) step(steps)[1 + l] = cells[at.z + l];
        steps++;
        const C y = kept(0);
        for (int j = 0; j < ode.result_stages(); j++) {
          combine_stage(y, h, j);
          evaluate_within<false>(j, y, interval, (part + ode.c(j)) / q.solve.substeps);
        }
        combine_result(cells + at.z, h);
      }
    }
    now = end;
    return steps;
  }
};

}  // namespace torsor::TORSOR_ISA
