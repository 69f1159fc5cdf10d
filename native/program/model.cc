// See model.h.
#include "program/model.h"

#include <algorithm>
#include <cstring>

#include "device/error.h"
#include "device/kernels.h"
#include "device/launch.h"
#include "ops/memory.h"

namespace torsor {

// Below this many multiply-adds a call is done before another thread has woken up (about 20 us).
constexpr int64_t worth_a_thread = 1 << 20;

// Sums of a batch are formed per chunk and then added in order, so that they do not depend on the threads: at least eight tiles each,
// for the sums to pay, and at most as many as fit a few megabytes and keep many cores busy.
constexpr int chunk_tiles = 8, max_chunks = 32;

Model::Model(const Trace& trace) : trace_(trace) {
  if (trace.parameter_count < 0 || trace.statistics_count < 0)
    throw Error("INVALID_ARGUMENT", "program: a negative number of parameters or statistics");
  const std::vector<float> constants = head_constants(trace, chain_);
  if (!constants.empty()) constants_ = Array<float>(int64_t(constants.size()));
  std::copy(constants.begin(), constants.end(), constants_.data());
  inference_ = build(trace_, Purpose::inference, chain_, constants_.data());
  inference_.choices = &choices_;
  discrete_ = trace.head != "gaussian";
  const int64_t size = arena_size() + arena_padding;
  parameters_ = Array<float>(size);
  packed_ = Array<float>(size);
  pack();
}

const Program& Model::training(bool of_inputs) {
  std::lock_guard<std::mutex> lock(build_);
  std::unique_ptr<Program>& program = training_[of_inputs];
  if (!program) {
    program = std::make_unique<Program>(
        build(trace_, of_inputs ? Purpose::training_inputs : Purpose::training, chain_, constants_.data()));
    program->choices = &choices_;
  }
  if (!pack_transposed_) {
    std::unique_lock<std::shared_mutex> parameters(mutex_);
    packed_transposed_ = Array<float>(parameters_.size());
    pack_transposed_ = true;
    pack();
  }
  return *program;
}

void Model::pack() {
  kernels().pack(inference_, parameters_.data(), packed_.data(),
                 pack_transposed_ ? packed_transposed_.data() : nullptr);
}

void Model::read_parameters(float* target, int64_t offset, int64_t count) {
  const auto lock = hold();
  std::memcpy(target, parameters_.data() + offset, sizeof(float) * count);
}

void Model::write_parameters(const float* source, int64_t offset, int64_t count) {
  change_parameters([&](float* parameters) { std::memcpy(parameters + offset, source, sizeof(float) * count); });
}

// part(first, rows) over shares of whole tiles.
template <class F> void Model::spread(int rows, int steps, F part) {
  const int64_t work = int64_t(rows) * steps * inference_.work;
  const int tiles = (rows + tile_rows - 1) / tile_rows;
  const int shares = work < worth_a_thread ? 1 : std::min(tiles, threads());
  if (shares <= 1) return part(0, rows);
  parallel(shares, [&](int share) {
    const int first = int(int64_t(tiles) * share / shares) * tile_rows,
              end = std::min(rows, int(int64_t(tiles) * (share + 1) / shares) * tile_rows);
    part(first, end - first);
  });
}

void Model::act_part(StepIO& io, int first, int rows) {
  io.parameters = parameters_.data();
  io.packed = packed_.data();
  kernels().act(inference_, io, first, rows, workspace(kernels().workspace(inference_, Sequence{})));
}

void Model::forward_part(ForwardIO& io, int first, int rows) {
  io.parameters = parameters_.data();
  io.packed = packed_.data();
  kernels().forward(inference_, io, first, rows, workspace(kernels().workspace(inference_, Sequence{})));
}

void Model::act(StepIO io, int first, int rows) {
  const auto lock = hold();
  spread(rows, 1, [&](int part, int count) { act_part(io, first + part, count); });
}

void Model::forward(ForwardIO io, int rows) {
  const auto lock = hold();
  spread(rows, io.sequence.steps, [&](int first, int count) { forward_part(io, first, count); });
}

void Model::evaluate(EvaluateIO io, int rows) {
  const auto lock = hold();
  io.parameters = parameters_.data();
  io.packed = packed_.data();
  spread(rows, io.sequence.steps, [&](int first, int count) {
    kernels().evaluate(inference_, io, first, count, workspace(kernels().workspace(inference_, Sequence{})));
  });
}

void Model::gradient(GradientIO io, int rows, float* gradients, double* metrics, Array<float>& sums, bool add) {
  const Program& p = *training_[io.of_inputs()];
  if (!io.parameters) io.parameters = parameters_.data();
  io.packed = packed_.data();
  io.packed_transposed = packed_transposed_.data();
  const int tiles = (rows + tile_rows - 1) / tile_rows;
  const int most = kernels().whole_batch ? 1 : std::min(tiles, max_chunks);
  const int chunks = std::clamp(int(int64_t(tiles) * io.sequence.steps / chunk_tiles), 1, most);
  const int64_t stride = (int64_t(p.accumulators) + 15) / 16 * 16;
  if (sums.size() < chunks * stride) sums = Array<float>(chunks * stride);
  parallel(chunks, [&](int chunk) {
    const int first = int(int64_t(tiles) * chunk / chunks) * tile_rows,
              end = std::min(rows, int(int64_t(tiles) * (chunk + 1) / chunks) * tile_rows);
    kernels().gradient(p, io, first, end - first, workspace(kernels().workspace(p, io.sequence)),
                       sums.data() + chunk * stride);
  });
  std::vector<float*> sets;
  for (int chunk = 0; chunk < chunks; chunk++) sets.push_back(sums.data() + chunk * stride);
  kernels().collect(p, sets.data(), chunks, add, gradients, metrics);
}

}  // namespace torsor
