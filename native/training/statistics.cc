// See statistics.h.
#include "training/statistics.h"

#include <algorithm>

#include "device/kernels.h"
#include "device/launch.h"

namespace torsor {

// Rows of one sum on the CPU.
constexpr int block_rows = 4096;

static int sums_of(int rows) {
  const int block = rows_of_call(rows, block_rows);
  return (rows + block - 1) / block;
}

ObservationStatistics::ObservationStatistics(const Model& model) : width_(model.observation_size()) {
  const Program& p = model.inference();
  for (int k = 0; k < p.length; k++) {
    const Instruction& q = p.code[k];
    if (q.statistics >= 0) places_.push_back({q.statistics, q.in.column - p.observation.column, q.out.width});
  }
}

void ObservationStatistics::reserve(int rows) {
  const int64_t size = int64_t(sums_of(rows)) * 2 * width_;
  if (!empty() && sums_.size() < size) sums_ = Array<double>(size);
}

void ObservationStatistics::update(const float* observation, int rows, float* arena, const PpoUpdate* state) {
  const ObservationRows all{observation, rows, width_};
  const int block = rows_of_call(rows, block_rows), sums = sums_of(rows);
  parallel(sums, [&](int k) {
    const int first = k * block;
    training_kernels().sum_distances(all, first, std::min(block, rows - first), sums_.data() + int64_t(k) * 2 * width_);
  });
  for (const StatisticsPlace& place : places_)
    training_kernels().merge_statistics(all, sums_.data(), sums, place, arena, state);
}

}  // namespace torsor
