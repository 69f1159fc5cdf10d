// Running mean and variance of numbers that keep coming, batch by batch (Chan, Golub and LeVeque 1983).
#pragma once
#include "number.h"

namespace torsor {

// Of `count` numbers; the variance is that of a population.
struct RunningMoments {
  double count, mean, variance;
};

// What rewards are multiplied by, and the moments of discounted returns that it comes from.
struct RewardScaling {
  RunningMoments returns;
  float factor;
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

// In the arena, for `n` columns: means, variances and their common count, each number as the nearest float and what that leaves of it. Two
// floats have 48 bits, so that counts are exact up to 2^48, and a batch still moves a mean that many came before.
struct StatisticsLayout {
  int n;
  HD int mean(int k) const { return k; }
  HD int variance(int k) const { return 2 * n + k; }
  HD int rest(int place) const { return place + n; }  // of a mean or a variance; that of the count follows it
  HD int count() const { return 4 * n; }
  HD int size() const { return 4 * n + 2; }
};

HD double from_two_floats(const float* x, int64_t distance) { return double(x[0]) + x[distance]; }
HD void to_two_floats(double value, float* x, int64_t distance) {
  x[0] = float(value);
  x[distance] = float(value - x[0]);
}

// Of a batch, from sums over the distances of its numbers from `origin`, and over the squares of these.
HD RunningMoments batch_moments(double count, double origin, double sum, double squares) {
  const double mean = sum / count, variance = squares / count - mean * mean;
  return {count, origin + mean, variance > 0 ? variance : 0};
}

HD RunningMoments merged(const RunningMoments& a, const RunningMoments& b) {
  const double total = a.count + b.count, share = b.count / total, distance = b.mean - a.mean;
  return {total, a.mean + share * distance,
          (1 - share) * a.variance + share * b.variance + share * (1 - share) * distance * distance};
}

// Column k of statistics in the arena, after a batch. The count they share stays as it is.
HD void merge_column(float* statistics, const StatisticsLayout& at, int k, const RunningMoments& batch) {
  float *mean = statistics + at.mean(k), *variance = statistics + at.variance(k);
  const RunningMoments before{from_two_floats(statistics + at.count(), 1), from_two_floats(mean, at.n),
                              from_two_floats(variance, at.n)};
  const RunningMoments after = merged(before, batch);
  const float m = float(after.mean), v = float(after.variance);
  if (m - m != 0 || v - v != 0) return;  // not finite
  to_two_floats(after.mean, mean, at.n);
  to_two_floats(after.variance, variance, at.n);
}

HD double finite_or_zero(double x) { return x - x == 0 ? x : 0; }

// As in Gymnasium's NormalizeReward: rewards are divided by the standard deviation of what they add up to, discounted, since the start of an episode.
HD RewardScaling scaling_of(const RunningMoments& returns) {
  return {returns, float(1 / square_root(returns.variance + 1e-8))};
}

// Moments that are not finite are left out.
HD void merge_returns(RewardScaling& s, const RunningMoments& batch) {
  const RunningMoments after = merged(s.returns, batch);
  if (after.mean - after.mean != 0 || after.variance - after.variance != 0) return;
  s = scaling_of(after);
}

HD void merge_count(float* statistics, const StatisticsLayout& at, double rows) {
  float* count = statistics + at.count();
  to_two_floats(from_two_floats(count, 1) + rows, count, 1);
}

}  // namespace torsor::TORSOR_ISA
