// See sequence_lstm.h.
#include "device/cuda/sequence_lstm.h"

#include <algorithm>

#include "device/cuda/block.h"
#include "device/cuda/each.h"
#include "device/cuda/launch.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128, blocks = 2;  // blocks: as in policy_step.cu

// What comes before the LSTM, for rows first ... first + rows - 1 of all rows of all steps.
__global__ void __launch_bounds__(threads, blocks)
    lstm_inputs(const __grid_constant__ Program program, const __grid_constant__ Recurrence recurrence,
                const __grid_constant__ Sequence one, const __grid_constant__ Place place, const float* observation,
                const float* parameters, const int32_t* index, int first, int rows) {
  extern __shared__ __align__(16) float columns[];
  Memory memory{parameters, nullptr, nullptr, nullptr, scratch_of_block(place)};
  memory.recurrence = recurrence;
  const auto run = [&](const Tile<small_rows>& t, int) INLINE { run_forward(t, program, memory, observation); };
  each_tile<small_rows>(columns, place, program, one, index, first, rows, run);
}

__global__ void place_rows(const int32_t* index, int first, int64_t stride, int steps, int rows, int32_t* places) {
  each(int64_t(steps) * rows, [&](int64_t k) {
    const int row = first + int(k % rows);
    places[k] = int32_t(k / rows * stride + (index ? index[row] : row));
  });
}

__global__ void take_flags(const uint8_t* flags, const int32_t* places, int count, int32_t* taken) {
  each(count, [&](int64_t k) { taken[k] = flags[places[k]]; });
}

// Between rows of [h | c] and the pieces that begin or end with them; what ended after a row does not pass.
__global__ void carry_to_pieces(const float* carry, const int32_t* index, const int32_t* piece, const int32_t* ended,
                                int rows, int units, const LstmCarry to) {
  each(int64_t(rows) * units, [&](int64_t i) {
    const int row = int(i / units), k = int(i % units);
    if (ended && ended[row]) return;
    const float* from = carry + int64_t(index ? index[row] : row) * 2 * units;
    to.h[int64_t(piece[row]) * units + k] = from[k];
    to.c[int64_t(piece[row]) * units + k] = from[units + k];
  });
}
__global__ void carry_from_pieces(const LstmCarry from, const int32_t* piece, const int32_t* ended, int rows, int units,
                                  float* carry, const int32_t* index) {
  each(int64_t(rows) * units, [&](int64_t i) {
    const int row = int(i / units), k = int(i % units);
    const int64_t at = int64_t(piece[row]) * units + k;
    const bool passes = !(ended && ended[row]);
    float* to = carry + int64_t(index ? index[row] : row) * 2 * units;
    to[k] = passes ? from.h[at] : 0.0f;
    to[units + k] = passes ? from.c[at] : 0.0f;
  });
}

// Where weight [i][j] of ours is among cuDNN's: a matrix per gate, transposed, those of the inputs and of h apart.
__device__ __forceinline__ float& weight_of(const LstmWeights& w, int inputs, int units, int i, int j) {
  const int gate = j / units, unit = j % units;
  return i < inputs ? w.matrix[gate][int64_t(unit) * inputs + i]
                    : w.matrix[4 + gate][int64_t(unit) * units + i - inputs];
}

__global__ void weights_to_library(const float* weight, const float* bias, int inputs, int units,
                                   const __grid_constant__ LstmWeights w) {
  const int outputs = 4 * units;
  each(int64_t(inputs + units) * outputs, [&](int64_t k) {
    weight_of(w, inputs, units, int(k / outputs), int(k % outputs)) = weight[k];
    if (k < outputs) w.bias[k / units][k % units] = bias[k];
  });
}
__global__ void weights_from_library(const __grid_constant__ LstmWeights w, int inputs, int units, int stride,
                                     float* weight, float* bias) {
  const int outputs = 4 * units;
  each(int64_t(inputs + units) * outputs, [&](int64_t k) {
    weight[k / outputs * stride + k % outputs] = weight_of(w, inputs, units, int(k / outputs), int(k % outputs));
    if (k < outputs) bias[k] = w.bias[k / units][k % units];
  });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor {

static void clear(void* data, int64_t bytes) {
  check(cudaMemsetAsync(data, 0, size_t(bytes), cudaStreamPerThread), "clearing memory of an LSTM");
}

template <class T> static T* on_device(Call& call, const std::vector<T>& host) {
  T* const data = call.scratch<T>(int64_t(host.size()));
  check(cudaMemcpyAsync(data, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice, cudaStreamPerThread),
        "the places of an LSTM's rows");
  return data;
}

SequenceLstm::SequenceLstm(Call& call, const Program& p, const Sequence& s, const float* observation,
                           const float* parameters, const int32_t* index, int first, int rows, bool training,
                           Path around)
    : call_(call),
      p_(p),
      q_(p.code[p.lone_lstm]),
      s_(s),
      observation_(observation),
      parameters_(parameters),
      first_(first),
      rows_(rows),
      inputs_(q_.in.width),
      units_(q_.out.width / 2),
      lstm_(call, inputs_, units_, q_.precision) {
  const int64_t all = int64_t(s.steps) * rows;
  index_ = call.scratch<int32_t>(all);
  launch_each("place_rows", TORSOR_ISA::place_rows, all, index, first, s.stride, s.steps, rows, index_);
  if (s.done) {
    done_ = call.scratch<int32_t>(all);
    launch_each("take_flags", TORSOR_ISA::take_flags, all, s.done, index_, int(all), done_);
  }
  const int64_t most = lstm_.most_steps(rows, training);
  cut(training && s.segment > 0 ? std::min<int64_t>(most, s.segment) : most);

  if (around == Path::tiles)
    tiles_ = place(call, TORSOR_ISA::tiles_of(most_rows(), small_rows), int64_t(p.columns) * small_rows,
                   TORSOR_ISA::scratch_floats<small_rows>(p));
  else
    layers_ = std::make_unique<Layers>(call, p, parameters, most_rows(), around);
  x_ = call.scratch<float>(int64_t(most_rows()) * inputs_);
  h_ = call.scratch<float>(int64_t(most_rows()) * units_);
  if (training) {
    d_x_ = call.scratch<float>(int64_t(most_rows()) * inputs_);
    d_h_ = call.scratch<float>(int64_t(most_rows()) * units_);
    d_carry_ = call.scratch<float>(int64_t(rows) * 2 * units_);
    clear(d_carry_, int64_t(rows) * 2 * units_ * int64_t(sizeof(float)));
    d_weights_ = lstm_.weights();
    clear(d_weights_, lstm_.weight_bytes());
  }
  carries_ = call.scratch<float>(int64_t(chunks() - 1) * rows * 2 * units_);
  size_t most_pieces = 0;
  for (const Chunk& chunk : chunks_) most_pieces = std::max(most_pieces, chunk.segments.lengths.size());
  for (float** part : {&start_.h, &start_.c, &end_.h, &end_.c, &d_start_.h, &d_start_.c})
    *part = call.scratch<float>(int64_t(most_pieces) * units_);

  weights_ = lstm_.weights();
  clear(weights_, lstm_.weight_bytes());  // cuDNN has two biases: ours is the first
  launch_each("weights_to_library", TORSOR_ISA::weights_to_library, int64_t(inputs_ + units_) * 4 * units_,
              parameters + q_.weight, parameters + q_.bias, inputs_, units_, lstm_.parts(weights_));
}

void SequenceLstm::cut(int64_t chunk_steps) {
  const int64_t all = int64_t(s_.steps) * rows_;
  std::vector<int32_t> done(done_ ? size_t(all) : 0);
  if (done_) {
    check(
        cudaMemcpyAsync(done.data(), done_, size_t(all) * sizeof(int32_t), cudaMemcpyDeviceToHost, cudaStreamPerThread),
        "reading ends of episodes");
    synchronise("reading ends of episodes");
  }
  std::vector<int32_t> places;
  for (int first = 0; first < s_.steps;) {
    const int end = first < s_.burn_in ? s_.burn_in : s_.steps;
    const int steps = int(std::min<int64_t>(chunk_steps, end - first));
    Chunk chunk{first, steps, segments_of(done_ ? done.data() + int64_t(first) * rows_ : nullptr, steps, rows_),
                nullptr, nullptr};
    chunk.first_piece = on_device(call_, chunk.segments.first);
    chunk.last_piece = on_device(call_, chunk.segments.last);
    places.insert(places.end(), chunk.segments.place.begin(), chunk.segments.place.end());
    chunks_.push_back(std::move(chunk));
    most_steps_ = std::max(most_steps_, steps);
    first += steps;
  }
  place_ = on_device(call_, places);
  synchronise("the places of an LSTM's rows");  // they lie in memory of the process
}

SequenceLstm::Carry SequenceLstm::carry_before(int chunk) const {
  if (chunk > 0) return {carries_ + int64_t(chunk - 1) * rows_ * 2 * units_, nullptr};
  return rows_of_carry(const_cast<float*>(s_.carry));
}

SequenceLstm::Carry SequenceLstm::rows_of_carry(float* carry) const {
  if (!carry || s_.carry_index) return {carry, carry ? s_.carry_index + first_ : nullptr};
  return {carry + int64_t(first_) * 2 * units_, nullptr};
}

const int32_t* SequenceLstm::ended_after(const Chunk& chunk) const {
  return done_ ? done_ + int64_t(chunk.first + chunk.steps - 1) * rows_ : nullptr;
}

// The other pieces start from zeros, and nothing comes back from their ends.
void SequenceLstm::start(const Chunk& chunk, const Carry& from, const int32_t* pieces, const int32_t* ended,
                         const LstmCarry& to) {
  const int64_t bytes = int64_t(chunk.segments.lengths.size()) * units_ * int64_t(sizeof(float));
  clear(to.h, bytes);
  clear(to.c, bytes);
  if (from.data)
    launch_each("carry_to_pieces", TORSOR_ISA::carry_to_pieces, int64_t(rows_) * units_, from.data, from.index, pieces,
                ended, rows_, units_, to);
}

void SequenceLstm::end(const LstmCarry& from, const int32_t* pieces, const int32_t* ended, const Carry& to) {
  if (to.data)
    launch_each("carry_from_pieces", TORSOR_ISA::carry_from_pieces, int64_t(rows_) * units_, from, pieces, ended, rows_,
                units_, to.data, to.index);
}

Recurrence SequenceLstm::forward(int number, bool training) {
  const Chunk& chunk = chunks_[size_t(number)];
  Recurrence recurrence;
  recurrence.place = place_;
  recurrence.x = x_;
  if (layers_)
    layers_->run_inputs(recurrence, observation_, index_, first_row(number), rows(number));
  else
    launch("lstm_inputs", TORSOR_ISA::lstm_inputs, tiles_.blocks, TORSOR_ISA::threads, tiles_.shared_bytes, p_,
           recurrence, Sequence{}, tiles_, observation_, parameters_, index_, first_row(number), rows(number));
  recurrence.x = nullptr;
  recurrence.h = h_;

  start(chunk, carry_before(number), chunk.first_piece, nullptr, start_);
  lstm_.sequences(chunk.segments.lengths);
  lstm_.forward(training, weights_, x_, start_, h_, end_);
  if (training) {
    recurrence.d_h = d_h_;
    return recurrence;
  }
  const bool last = number + 1 == chunks();
  const Carry next = last ? Carry{s_.final_carry ? s_.final_carry + int64_t(first_) * 2 * units_ : nullptr, nullptr}
                          : carry_before(number + 1);
  end(end_, chunk.last_piece, ended_after(chunk), next);
  return recurrence;
}

Recurrence SequenceLstm::backward(int number) {
  const Chunk& chunk = chunks_[size_t(number)];
  const Carry d_carry{d_carry_, nullptr};
  start(chunk, d_carry, chunk.last_piece, ended_after(chunk), end_);
  lstm_.backward_data(weights_, h_, d_h_, start_, end_, d_x_, d_start_);
  lstm_.backward_weights(x_, start_, h_, d_weights_);
  const bool more = number > 0 && !is_burn_in(number - 1);
  end(d_start_, chunk.first_piece, nullptr, more ? d_carry : rows_of_carry(s_.d_carry));
  Recurrence recurrence;
  recurrence.place = place_;
  recurrence.h = h_;
  recurrence.d_x = d_x_;
  return recurrence;
}

void SequenceLstm::weight_gradient(float* accumulators) {
  launch_each("weights_from_library", TORSOR_ISA::weights_from_library, int64_t(inputs_ + units_) * 4 * units_,
              lstm_.parts(d_weights_), inputs_, units_, TORSOR_ISA::product_of(q_).stride, accumulators + q_.d_weight,
              accumulators + q_.d_bias);
}

}  // namespace torsor
