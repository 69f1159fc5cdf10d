// Backward of the equation of ops/neural_cde.h: the steps of cde_solver.h once more, remembered, then one by one from the last to the first.
#pragma once
#include "ops/cde_solver.h"

namespace torsor::TORSOR_ISA {

template <class View, class N> struct CdeGradient : CdeSolver<View, N> {
  using Solver = CdeSolver<View, N>;
  using Solver::at, Solver::cells, Solver::count, Solver::end, Solver::next, Solver::now, Solver::number, Solver::ode,
      Solver::q, Solver::rows_at_once, Solver::stage, Solver::step, Solver::t;
  using typename Solver::C;
  using typename Solver::S;

  HD CdeGradient(const View& tile, const Memory& m, const Instruction& instruction, int first)
      : Solver(tile, m, instruction, first) {}

  // Adds to the gradients of z0 and of the window, which are there already, and leaves sums over rows of those of the parameters.
  HD void differentiate(int first, int limit) {
    this->clear(at.sums, at.field.parameters());
    for (; first < limit; first += rows_at_once) {
      this->clear(at.d_z, at.latent + at.intervals * at.channels);
      for (int i = 0; i < rows_at_once && first + i < limit; i++)
        for (int l = 0; l < at.latent; l++) number(at.d_z + l, i) = t.number(q.out.gradient + l, first + i);
      this->take(first, limit);
      if constexpr (Solver::adaptive) {
        this->adaptive_steps(limit, limit, false, true);
        adaptive_back();
      } else {
        fixed_back(this->fixed_steps(true));
      }
      for (int i = 0; i < rows_at_once && first + i < limit; i++) give_row(first + i, i);
    }
  }

  HD void adaptive_back() {
    int longest = 0;
    for (int i = 0; i < rows_at_once; i++) longest = count[i] > longest ? count[i] : longest;
    for (int back = 1; back <= longest; back++) {
      for (int i = 0; i < rows_at_once; i++) {
        const int k = count[i] - back;
        if (k < 0) {  // the row has no step any more: one of length 0
          lane(next, i) = lane(now, i);
          continue;
        }
        lane(next, i) = back == 1 ? lane(end, i) : lane(now, i);
        lane(now, i) = lane(this->step(k)[0], i);
        for (int l = 0; l < at.latent; l++) number(at.z + l, i) = lane(step(k)[1 + l], i);
      }
      const N h = next - now;
      back_through(h, [&](int j, C k) { this->template evaluate_at<true>(j, k, this->stage_time(j, h)); });
    }
  }

  HD void fixed_back(int steps) {
    const int parts = q.solve.substeps;
    for (int k = steps - 1; k >= 0; k--) {
      const int interval = k / parts, part = k % parts;
      for (int l = 0; l < at.latent; l++) cells[at.z + l] = step(k)[1 + l];
      back_through(this->fixed_length(interval), [&](int j, C c) {
        this->template evaluate_within<true>(j, c, interval, (part + ode.c(j)) / parts);
      });
    }
  }

  // From the gradient of a step's result to that of its z, in place. With y_j = z + h sum_{l < j} a_jl F_l and result z + h sum b_j F_j:
  //   dL/dF_j = h (b_j dL/dresult + sum_{m > j} a_mj dL/dy_m),   dL/dz = dL/dresult + sum dL/dy_j.
  template <class Evaluate> HD void back_through(N h, Evaluate evaluate) {
    const int used = ode.result_stages();
    for (int j = 0; j < used; j++) {
      this->combine_stage(this->kept(j), h, j);
      evaluate(j, this->kept(j));
    }
    for (int j = used - 1; j >= 0; j--) {
      const C d = stage(j);  // of F_j, then of y_j: F_j itself was needed for the y behind it only
      for (int l = 0; l < at.latent; l++) {
        N sum = ode.b(j) * N(cells[at.d_z + l]);
        for (int m = j + 1; m < used; m++) sum += ode.a(m, j) * N(stage(m)[l]);
        d[l] = h * sum;
      }
      back_through_stage(j);
    }
    for (int l = 0; l < at.latent; l++) {
      N sum = cells[at.d_z + l];
      for (int j = 0; j < used; j++) sum += N(stage(j)[l]);
      cells[at.d_z + l] = sum;
    }
    const C first = this->kept(0);
    at.field.template weight_gradient<N>(first, this->work(first), used, at.stage_size, cells + at.sums);
  }

  OUTLINED void back_through_stage(int j) {
    const bool control = q.in2.gradient >= 0;
    const C k = this->kept(j), d_dx = cells + at.d_dx, weight = this->weights(k), d_slopes = cells + at.d_slopes;
    at.field.template backward<N>(this->parameters, this->dx(k), this->work(k), stage(j), stage(j), control, d_dx);
    if (!control) return;
    for (int i = 0; i < at.intervals; i++)
      for (int c = 0; c < at.channels; c++) d_slopes[i * at.channels + c] += N(weight[i]) * d_dx[c];
  }

  HD void give_row(int row, int i) {
    if (q.in.gradient >= 0)
      for (int l = 0; l < at.latent; l++) t.number(q.in.gradient + l, row) += float(number(at.d_z + l, i));
    if (q.in2.gradient < 0) return;
    const int n = at.channels;
    for (int k = 0; k + 1 < at.history; k++)
      for (int j = 0; j < n; j++) {
        const float d = float(number(at.d_slopes + k * n + j, i) * number(at.inverse + k, i));
        t.number(Window::x(q.in2.gradient, at.history, n, k + 1) + j, row) += d;
        t.number(Window::x(q.in2.gradient, at.history, n, k) + j, row) -= d;
      }
  }
};

}  // namespace torsor::TORSOR_ISA
