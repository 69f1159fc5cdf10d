// See layers.h.
#include "device/cuda/layers.h"

#include <algorithm>

#include "device/cuda/place.h"
#include "device/cuda/pool.h"
#include "ops/list.h"
#include "program/names.h"

namespace torsor {

using namespace TORSOR_ISA;

template <class Op> static bool is_a(const Instruction& q) {
  bool is = false;
  Ops::visit(q.op, [&](auto op) { is = same<decltype(op), Op>; });
  return is;
}

// An instruction that no program has.
template <class Op> static Instruction made() {
  Instruction q;
  q.op = index_of<Ops>(Op::name);
  return q;
}

// Of the GPU's memory, or of what torsor may have of it, what the columns of a call take; most_global_bytes at most.
constexpr int memory_share = 4;
// So that every column begins at a multiple of 256 bytes, as cuBLASLt likes it, and whole blocks have room.
constexpr int pitch_step = 64;

Layers::Layers(Call& call, const Program& p, const float* parameters, int rows, Path path)
    : p_(p), parameters_(parameters) {
  if (path == Path::cublas) cublas_ = std::make_unique<Cublas>(call);
  const int64_t bytes = std::min(most_global_bytes, most_gpu_bytes() / memory_share);
  const int64_t most = bytes / (int64_t(p.columns) * int64_t(sizeof(float))) / pitch_step * pitch_step;
  const int64_t all = int64_t(rows + pitch_step - 1) / pitch_step * pitch_step;
  rows_.pitch = int(std::clamp<int64_t>(most, pitch_step, all));
  rows_.columns = call.scratch<float>(int64_t(p.columns) * rows_.pitch);
}

void Layers::run(const StepIO& io, int first, int rows) {
  Sequence one;
  one.carry = one.final_carry = io.carry;
  forward(io.observation, one, first, rows, false, [&] { act_on_layer(rows_, p_, io); });
}

void Layers::run(const ForwardIO& io, int first, int rows) {
  recurrence_ = io.recurrence;
  forward(io.observation, io.sequence, first, rows, false, [&] { outputs_of_layer(rows_, p_, io); });
}

void Layers::run(const EvaluateIO& io, int first, int rows) {
  recurrence_ = io.recurrence;
  forward(io.observation, io.sequence, first, rows, false, [&] { evaluate_layer(rows_, p_, io); });
}

void Layers::run(const GradientIO& io, int first, int rows, float* accumulators) {
  recurrence_ = io.recurrence;
  rows_.index = io.index;
  rows_.gate = io.gate;
  forward(io.observation, io.sequence, first, rows, true, [&] {
    loss_of_layer(rows_, p_, io);
    backward(accumulators);
    if (io.d_observation) store(rows_, p_.observation.gradient, p_.observation.width, io.d_observation);
  });
}

void Layers::run_inputs(const Recurrence& recurrence, const float* observation, const int32_t* index, int first,
                        int rows) {
  recurrence_ = recurrence;
  rows_.index = index;
  rows_.gate = nullptr;
  forward(observation, Sequence{}, first, rows, false, [] {});
  rows_.index = nullptr;
}

// Takes rows first ... first + rows - 1 through the program, as many at once as the columns have room for, and then calls end() for those.
template <class End>
void Layers::forward(const float* observation, const Sequence& one, int first, int rows, bool keeping, End end) {
  const bool carries = p_.states > 0 && !recurrence_.place;
  for (int done = 0; done < rows; done += rows_.count) {
    rows_.first = first + done;
    rows_.count = std::min(rows_.pitch, rows - done);
    if (carries) carry_to_layer(rows_, p_, one);
    forward(observation, keeping);
    end();
    if (carries && one.final_carry) carry_of_layer(rows_, p_, one);
  }
}

void Layers::forward(const float* observation, bool keeping) {
  load(rows_, p_.observation.column, p_.observation.width, observation);
  const int length = recurrence_.x ? p_.lone_lstm + 1 : p_.length;
  for (int k = 0; k < length; k++) {
    const Instruction& q = p_.code[k];
    if (is_a<Lstm>(q)) {
      recurrence_.place ? exchange(q) : step_of_lstm(q);
    } else {
      if (is_a<Linear>(q)) multiply(q);
      add(q, keeping ? Direction::keeping : Direction::forward);
    }
  }
  end_pass();
}

void Layers::step_of_lstm(const Instruction& q) {
  Instruction linear = Lstm::product(q, false);
  linear.op = index_of<Ops>(Linear::name);
  copy(q.in.column, q.in.width, linear.in.column);
  copy(q.in2.column, q.out.width / 2, linear.in.column + q.in.width);
  multiply(linear);
  add(linear, Direction::forward);
  add(q, Direction::forward);
}

void Layers::exchange(const Instruction& q) {
  const int units = q.out.width / 2;
  if (recurrence_.x) return store(elsewhere(), q.in.column, q.in.width, recurrence_.x);
  load(elsewhere(), q.out.column, units, recurrence_.h);
  clear(q.out.column + units, units);  // nobody reads c: see Program::lone_lstm
}

// From the gradients of head and value. Adds to the accumulators, if there are any.
void Layers::backward(float* accumulators) {
  // Nothing comes back from a step after these; the gradient of an LSTM's h does, elsewhere.
  for (int k = 0; k < p_.states; k++)
    if (p_.state[k].out.gradient >= 0) clear(p_.state[k].out.gradient, p_.state[k].out.width);
  const int end = recurrence_.d_h ? p_.lone_lstm : 0;
  for (int k = p_.length - 1; k >= end; k--) {
    const Instruction& q = p_.code[k];
    if (q.out.gradient < 0) continue;
    if (q.derivative_of_out >= 0) scale(q.out.gradient, q.out.width, q.derivative_of_out);
    if (is_a<Linear>(q)) {
      backward_of_linear(q, accumulators);
    } else if (is_a<Lstm>(q)) {
      exchange_back(q);
    } else if (is_a<Parameter>(q)) {
      if (accumulators) sum(q.out.gradient, q.out.width, accumulators + q.d_weight);
    } else if (is_a<LayerNorm>(q)) {  // turns the gradient of its output into that of its scale, row by row
      if (accumulators) sum(q.out.gradient, q.out.width, accumulators + q.d_bias);
      add(q, Direction::backward);
      if (accumulators) sum(q.out.gradient, q.out.width, accumulators + q.d_weight);
    } else {
      add(q, Direction::backward);
    }
  }
  end_pass();
  if (accumulators) sum(p_.sums, metric_count, accumulators + p_.accumulators - metric_count);
}

// A weight [inputs][outputs] is [outputs][inputs] where columns lie one behind the other.
void Layers::backward_of_linear(const Instruction& q, float* accumulators) {
  const int inputs = q.in.width, outputs = q.out.width;
  const Factor x{column(q.in.column), rows_.pitch, false}, dz{column(q.out.gradient), rows_.pitch, false},
      dz_transposed{dz.data, dz.pitch, true}, weight{parameters_ + q.weight, outputs, false};
  if (accumulators) {
    float* const d_weight = accumulators + q.d_weight;
    multiply({outputs, inputs, rows_.count, dz_transposed, x, d_weight, product_of(q).stride, true, q.precision});
    if (q.bias >= 0) sum(q.out.gradient, outputs, accumulators + q.d_bias);
  }
  if (q.in.gradient < 0) return;
  float* const dx = column(q.in.gradient);
  multiply({rows_.count, inputs, outputs, dz, weight, dx, rows_.pitch, q.add_to_in, q.precision});
  if (q.derivative_of_in >= 0) scale(q.in.gradient, inputs, q.derivative_of_in);
}

void Layers::exchange_back(const Instruction& q) {
  if (recurrence_.d_h) return store(elsewhere(), q.out.gradient, q.out.width / 2, recurrence_.d_h);
  if (q.in.gradient < 0) return;
  load(elsewhere(), q.derivative, q.in.width, recurrence_.d_x);  // columns that only steps of our own need
  Instruction given = made<Copy>();
  given.in = q.in;
  given.out = {-1, q.in.width, q.derivative};
  given.add_to_in = q.add_to_in;
  add(given, Direction::backward);
}

LayerRows Layers::elsewhere() const {
  LayerRows rows = rows_;
  rows.index = recurrence_.place;
  return rows;
}

// To the columns of its output, before bias and activation.
void Layers::multiply(const Instruction& linear) {
  const int inputs = linear.in.width, outputs = linear.out.width;
  const Factor x{column(linear.in.column), rows_.pitch, false}, weight{parameters_ + linear.weight, outputs, true};
  float* const z = column(linear.out.column);
  multiply({rows_.count, outputs, inputs, x, weight, z, rows_.pitch, false, linear.precision});
}

void Layers::multiply(const MatrixProduct& m) {
  end_pass();
  if (cublas_)
    cublas_->multiply(m);
  else
    multiply_by_kernel(m);
}

void Layers::sum(int first, int count, float* sums) {
  end_pass();
  sum_columns(rows_, first, count, sums);
}

void Layers::load(const LayerRows& rows, int first, int width, const float* array) {
  end_pass();
  load_layer(rows, first, width, array);
}

void Layers::store(const LayerRows& rows, int first, int width, float* array) {
  end_pass();
  store_layer(rows, first, width, array);
}

void Layers::add(const Instruction& q, Direction direction) {
  if (pass_.length == most_in_pass) end_pass();
  pass_.code[pass_.length] = q;
  pass_.direction[pass_.length++] = direction;
}

void Layers::copy(int from, int width, int to) {
  Instruction q = made<Copy>();
  q.in = {from, width, -1};
  q.out = {to, width, -1};
  add(q, Direction::forward);
}

void Layers::clear(int first, int width) {
  Instruction q = made<Clear>();
  q.out = {-1, width, first};
  add(q, Direction::backward);
}

// Columns by columns, in place.
void Layers::scale(int first, int width, int factors) {
  Instruction q = made<Multiply>();
  q.in = q.out = {first, width, -1};
  q.in2 = {factors, width, -1};
  add(q, Direction::forward);
}

void Layers::end_pass() {
  if (pass_.length > 0) run_pass(rows_, pass_, parameters_);
  pass_.length = 0;
}

}  // namespace torsor
