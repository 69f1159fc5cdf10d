// See statistics.h.
#include "training/statistics.h"

#include "device/kernels.h"

namespace torsor {

// Rows of one sum on the CPU.
constexpr int block_rows = 4096;

ObservationStatistics::ObservationStatistics(const Model& model) : width_(model.observation_size()) {
  const Program& p = model.inference();
  for (int k = 0; k < p.length; k++) {
    const Instruction& q = p.code[k];
    if (q.statistics >= 0) places_.push_back({q.statistics, q.in.column - p.observation.column, q.out.width});
  }
}

void ObservationStatistics::reserve(int rows) {
  const int64_t size = int64_t(calls_of(rows, block_rows)) * 2 * width_;
  if (!empty() && sums_.size() < size) sums_ = Array<double>(size);
}

void ObservationStatistics::update(const float* observation, int rows, float* arena, const PpoUpdate* state) {
  const ObservationRows all{observation, rows, width_};
  each_call(rows, block_rows, [&](int first, int count) {
    training_kernels().sum_distances(all, first, count, sums_.data() + int64_t(first / block_rows) * 2 * width_);
  });
  for (const StatisticsPlace& place : places_)
    training_kernels().merge_statistics(all, sums_.data(), calls_of(rows, block_rows), place, arena, state);
}

}  // namespace torsor
