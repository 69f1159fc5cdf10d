// The LSTM of a program over whole sequences by cuDNN, where tiles or layers do the rest with a row per step. The steps are taken in chunks: burn-in and
// training apart, and no more at once than are to be kept; from chunk to chunk goes the carry, and its gradient back.
#pragma once
#include "device/cuda/cudnn_lstm.h"
#include "device/cuda/layers.h"
#include "device/cuda/place.h"
#include "device/cuda/segments.h"

namespace torsor {

// Rows of steps first ... first + steps - 1, as a batch of their own.
struct Chunk {
  int first, steps;
  Segments segments;
  int32_t *first_piece, *last_piece;  // on the GPU, as in `segments`
};

class SequenceLstm {
 public:
  static bool takes(const Program& p, const Sequence& s) { return p.lone_lstm >= 0 && s.steps > 1; }

  // Rows first ... first + rows - 1, whose arrays kernels may read. `index` as in GradientIO.
  SequenceLstm(Call&, const Program&, const Sequence&, const float* observation, const float* parameters,
               const int32_t* index, int first, int rows, bool training, Path around);

  // Of all rows of a chunk; null: the rest goes by tiles.
  Layers* layers() const { return layers_.get(); }
  int chunks() const { return int(chunks_.size()); }
  bool is_burn_in(int chunk) const { return chunks_[size_t(chunk)].first < s_.burn_in; }
  // As a batch: rows first_row ... first_row + rows - 1 of all rows of all steps, and where each is in the arrays of the call.
  int first_row(int chunk) const { return rows_of_steps(chunks_[size_t(chunk)].first); }
  int rows(int chunk) const { return rows_of_steps(chunks_[size_t(chunk)].steps); }
  int rows_of_steps(int steps) const { return steps * rows_; }
  int most_rows() const { return most_steps_ * rows_; }
  const int32_t* index() const { return index_; }

  // Runs what comes before the LSTM and the LSTM itself, from the carry that the chunk before has left, and leaves the next. What those who
  // do the rest are given for the rest of forward, and for the gradient of h where backward follows.
  Recurrence forward(int chunk, bool training);
  // From the gradient of h; chunks in reverse order. What they are given for all of backward.
  Recurrence backward(int chunk);

  // Writes the gradients of the LSTM's weights to a set of accumulators.
  void weight_gradient(float* accumulators);

 private:
  // Rows of [h | c], and where each row is among them; null: in their order.
  struct Carry {
    float* data;
    const int32_t* index;
  };
  void cut(int64_t chunk_steps);
  Carry carry_before(int chunk) const;
  Carry rows_of_carry(float* carry) const;
  const int32_t* ended_after(const Chunk&) const;
  void start(const Chunk&, const Carry&, const int32_t* pieces, const int32_t* ended, const LstmCarry&);
  void end(const LstmCarry&, const int32_t* pieces, const int32_t* ended, const Carry&);

  Call& call_;
  const Program& p_;
  const Instruction& q_;
  const Sequence s_;
  const float *observation_, *parameters_;
  const int first_, rows_, inputs_, units_;
  int most_steps_ = 0;
  CudnnLstm lstm_;
  std::vector<Chunk> chunks_;
  std::unique_ptr<Layers> layers_;
  Place tiles_{};
  int32_t *index_ = nullptr, *place_ = nullptr;
  int32_t* done_ = nullptr;  // [steps][rows], or null
  float *weights_ = nullptr, *d_weights_ = nullptr;
  float *x_ = nullptr, *h_ = nullptr, *d_x_ = nullptr, *d_h_ = nullptr;
  float *carries_ = nullptr, *d_carry_ = nullptr;
  LstmCarry start_{}, end_{}, d_start_{};  // of the pieces of a chunk
};

}  // namespace torsor
