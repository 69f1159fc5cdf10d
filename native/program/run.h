// The interpreter: a tile of rows through the whole program.
#pragma once
#include "ops/list.h"
#include "ops/ppo.h"

namespace torsor::TORSOR_ISA {

template <class Tile> HD void run_forward(const Tile& t, const Program& p, const Memory& m, const float* observation) {
  t.load(p.observation.column, p.observation.width, observation);
  const int length = m.recurrence.x ? p.lone_lstm + 1 : p.length;
  for (int k = 0; k < length; k++) {
    const Instruction& q = p.code[k];
    Ops::visit(q.op, [&](auto op) { decltype(op)::forward(t, m, q); });
  }
}

template <class IO> HD Memory memory_of(const IO& io, float* scratch) {
  Memory m{io.parameters, io.packed, nullptr, nullptr, scratch};
  m.done = io.sequence.done;
  m.recurrence = io.recurrence;
  return m;
}

// What follows on forward, for those who act, ask or evaluate.
template <class Tile> HD void end_act(const Tile& t, const Program& p, const StepIO& io) {
  Heads::visit(p.head.kind, [&](auto head) { decltype(head)::act(t, p, io); });
  t.store(p.value.column, 1, io.value);
}

template <class Tile> HD void end_outputs(const Tile& t, const Program& p, const ForwardIO& io) {
  for (int k = 0; k < 2; k++)
    if (io.output[k]) t.store(p.head.parameter[k].column, p.head.parameter[k].width, io.output[k]);
  if (io.value) t.store(p.value.column, 1, io.value);
  if (io.bootstrap_value) t.store(p.bootstrap_value.column, 1, io.bootstrap_value);
}

template <class Tile> HD void end_evaluate(const Tile& t, const Program& p, const EvaluateIO& io) {
  t.load(p.head.latent, p.head.latent_width, io.latent);
  Heads::visit(p.head.kind, [&](auto head) { decltype(head)::evaluate(t, p, io.mask, io.is_action, all_rows, false); });
  t.store(p.head.log_prob, 1, io.log_prob);
  t.store(p.head.entropy, 1, io.entropy);
  t.store(p.value.column, 1, io.value);
}

template <class Tile> HD void run_act(const Tile& t, const Program& p, const StepIO& io, float* scratch) {
  run_forward(t, p, Memory{io.parameters, io.packed, nullptr, nullptr, scratch}, io.observation);
  end_act(t, p, io);
}
template <class Tile> HD void run_outputs(const Tile& t, const Program& p, const ForwardIO& io, float* scratch) {
  run_forward(t, p, memory_of(io, scratch), io.observation);
  end_outputs(t, p, io);
}
template <class Tile> HD void run_evaluate(const Tile& t, const Program& p, const EvaluateIO& io, float* scratch) {
  run_forward(t, p, memory_of(io, scratch), io.observation);
  end_evaluate(t, p, io);
}

// Forward in training: what backward needs stays in the columns.
template <class Tile> HD void run_keeping(const Tile& t, const Program& p, const GradientIO& io, const Memory& m) {
  t.load(p.observation.column, p.observation.width, io.observation);
  for (int k = 0; k < p.length; k++) {
    const Instruction& q = p.code[k];
    Ops::visit(q.op, [&](auto op) { decltype(op)::forward_keeping(t, m, q); });
  }
}

// The head and the loss, to the gradients of the head's parameters and of the value.
template <class Tile> HD void run_loss(const Tile& t, const Program& p, const GradientIO& io) {
  t.load(p.head.latent, p.head.latent_width, io.latent);
  const bool exact = io.exact_entropy;
  const int entropy_rows = exact ? all_rows : io.entropy_rows;
  Heads::visit(p.head.kind, [&](auto head) { decltype(head)::evaluate(t, p, io.mask, false, entropy_rows, exact); });
  if (io.d_log_prob)
    given_gradient(t, p, io);
  else
    ppo_gradient(t, p, io, entropy_rows);
  Heads::visit(p.head.kind, [&](auto head) { decltype(head)::backward(t, p, io.mask, exact); });
}

// Adds the gradients of the tile's rows to m.accumulators.
template <class Tile> HD void run_backward(const Tile& t, const Program& p, const GradientIO& io, const Memory& m) {
  const int end = m.recurrence.d_h ? p.lone_lstm : 0;
  for (int k = p.length - 1; k >= end; k--) {
    const Instruction& q = p.code[k];
    if (q.out.gradient < 0) continue;
    if (q.derivative_of_out >= 0) {  // from dL/dy to dL/dz
      auto* d = t.column(q.out.gradient);
      const auto* derivative = t.column(q.derivative_of_out);
      t.each(q.out.width, [&](int c) { d[c] *= derivative[c]; });
    }
    Ops::visit(q.op, [&](auto op) { decltype(op)::backward(t, m, q); });
  }
  if (io.d_observation) t.store(p.observation.gradient, p.observation.width, io.d_observation);
}

template <class Tile> HD void run_gradient(const Tile& t, const Program& p, const GradientIO& io, const Memory& m) {
  run_keeping(t, p, io, m);
  run_loss(t, p, io);
  run_backward(t, p, io, m);
}

}  // namespace torsor::TORSOR_ISA
