// Running statistics of observations and of returns on CUDA.
#include <algorithm>

#include "device/cuda/calls.h"
#include "device/cuda/reduce.h"
#include "device/training_rows.h"

namespace torsor::TORSOR_ISA {

// Part p of `parts` takes the rows first + p, first + p + parts, ...; neighbouring threads read neighbouring columns. `sums` is [parts][2][width].
__global__ void distances_of_parts(const ObservationRows o, int first, int count, int parts, double* sums) {
  each(int64_t(parts) * o.width, [&](int64_t i) {
    const int part = int(i / o.width), column = int(i % o.width);
    const float origin = o.observation[column];
    double sum = 0, squares = 0;
    for (int row = part; row < count; row += parts) {
      const double distance = double(o.observation[int64_t(first + row) * o.width + column]) - origin;
      sum += distance;
      squares += distance * distance;
    }
    double* const of_part = sums + int64_t(part) * 2 * o.width;
    of_part[column] = sum;
    of_part[o.width + column] = squares;
  });
}

__global__ void add_distances(const double* of_parts, int parts, int width, double* sums) {
  each(2 * width, [&](int64_t k) {
    double sum = 0;
    for (int part = 0; part < parts; part++) sum += of_parts[int64_t(part) * 2 * width + k];
    sums[k] = sum;
  });
}

__global__ void merge_columns(const ObservationRows o, const double* sums, int count, const StatisticsPlace place,
                              float* arena, const PpoUpdate* update) {
  if (is_not_finite(*update)) return;
  each(place.n, [&](int64_t k) {
    const int column = place.column + int(k);
    double sum = 0, squares = 0;
    for (int set = 0; set < count; set++) {
      const double* const of_set = sums + int64_t(set) * 2 * o.width;
      sum += of_set[column];
      squares += of_set[o.width + column];
    }
    merge_column(arena + place.offset, StatisticsLayout{place.n}, int(k),
                 batch_moments(o.rows, o.observation[column], sum, squares));
  });
}

// After all columns, which read the count before.
__global__ void merge_counts(int rows, const StatisticsPlace place, float* arena, const PpoUpdate* update) {
  if (is_not_finite(*update)) return;
  each(1, [&](int64_t) { merge_count(arena + place.offset, StatisticsLayout{place.n}, rows); });
}

// One thread per environment; neighbouring threads read neighbouring environments.
__global__ void discount(const DiscountedReturns d, const RewardScaling* scaling, int first, int environments,
                         double* sums) {
  each(environments, [&](int64_t k) { discount_environment(d, *scaling, first + k, sums + 2 * (first + k)); });
}

struct ReturnSums {
  double sum = 0, squares = 0;
  __device__ ReturnSums& operator+=(const ReturnSums& more) {
    sum += more.sum;
    squares += more.squares;
    return *this;
  }
};

struct ReturnSumsOf {
  const double* sums;
  __device__ ReturnSums operator()(int64_t k) const { return {sums[2 * k], sums[2 * k + 1]}; }
};

struct MergeReturns {
  double count;
  RewardScaling* scaling;
  __device__ void operator()(const ReturnSums& s) const {
    merge_returns(*scaling, batch_moments(count, scaling->returns.mean, s.sum, s.squares));
  }
};

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

// Enough parts to fill a GPU where there are many rows, and few enough to add up.
constexpr int rows_of_part = 64, most_parts = 1024;

void sum_distances(const ObservationRows& o, int first, int count, double* sums) {
  Call call("sums of observations");
  const int parts = std::clamp(count / rows_of_part, 1, most_parts);
  double* const of_parts = call.scratch<double>(int64_t(parts) * 2 * o.width);
  launch_each("distances_of_parts", TORSOR_ISA::distances_of_parts, int64_t(parts) * o.width, o, first, count, parts,
              of_parts);
  launch_each("add_distances", TORSOR_ISA::add_distances, 2 * o.width, of_parts, parts, o.width, sums);
  call.finish();
}

void merge_statistics(const ObservationRows& o, const double* sums, int count, const StatisticsPlace& place,
                      float* arena, const PpoUpdate* update) {
  Call call("statistics of observations");
  launch_each("merge_columns", TORSOR_ISA::merge_columns, place.n, o, sums, count, place, arena, update);
  launch_each("merge_counts", TORSOR_ISA::merge_counts, 1, o.rows, place, arena, update);
  call.finish();
}

void discount(const DiscountedReturns& d, const RewardScaling* scaling, int first, int environments, double* sums) {
  Call call("discounted returns");
  launch_each("discount", TORSOR_ISA::discount, environments, d, scaling, first, environments, sums);
  call.finish();
}

void merge_returns(const DiscountedReturns& d, const double* sums, RewardScaling* scaling) {
  Call call("statistics of returns");
  const double count = double(d.steps) * d.environments;
  TORSOR_ISA::reduce<TORSOR_ISA::ReturnSums>(call, d.environments, TORSOR_ISA::ReturnSumsOf{sums},
                                             TORSOR_ISA::MergeReturns{count, scaling});
  call.finish();
}

}  // namespace torsor::calls
