// The CPU kernels of training, compiled once per instruction set. No standard containers here either, see kernels.simd.cc.
#include "device/training.h"

#include "device/cpu/sampling.h"
#include "device/cpu/vector.h"
#include "math/drip.h"
#include "device/training_rows.h"

namespace torsor::TORSOR_ISA {

static void end_step(const StepEnd& s, int first, int count) {
  for (int e = first; e < first + count; e++) {
    s.done[e] = s.terminated[e] || s.truncated[e];
    if (s.done[e] && s.carry_width) memset(s.carry + e * s.carry_width, 0, sizeof(float) * size_t(s.carry_width));
  }
}

// Environments across lanes, backwards in time.
template <class N> static void advantage_of(const AdvantageIO& io, const AdvantageConfig& config, int environment) {
  const auto load = [](const float* x) {
    N v;
    memcpy(&v, x, sizeof v);
    return v;
  };
  const auto flags = [](const uint8_t* x) {
    N v = splat<N>(0);
    for (int i = 0; i < lanes<N>; i++) reinterpret_cast<float*>(&v)[i] = x[i] ? 1.0f : 0.0f;
    return v;
  };
  N advantage = splat<N>(0), next = load(io.last_value + environment);
  for (int t = io.steps - 1; t >= 0; t--) {
    const int64_t at = int64_t(t) * io.environments + environment;
    const N value = load(io.value + at), terminated = flags(io.terminated + at), truncated = flags(io.truncated + at);
    const N ratio = io.ratio ? load(io.ratio + at) : splat<N>(1);
    const N following = choose(terminated > 0, splat<N>(0), choose(truncated > 0, load(io.final_value + at), next));
    const N continues = choose(terminated + truncated > 0, splat<N>(0), splat<N>(1));
    N reward = load(io.reward + at);
    if (config.running_scale) reward = scaled_reward(reward, io.scaling->factor);
    advantage_step(reward, value, following, ratio, continues, config, advantage);
    const N target = advantage + value;
    memcpy(io.advantage + at, &advantage, sizeof advantage);
    memcpy(io.target + at, &target, sizeof target);
    next = value;
  }
}

static void advantage(const AdvantageIO& io, const AdvantageConfig& config, int first, int count) {
  int e = first;
  for (; e + lanes<Vector> <= first + count; e += lanes<Vector>) advantage_of<Vector>(io, config, e);
  for (; e < first + count; e++) advantage_of<float>(io, config, e);
}

static void drip(const Drip& d, int first, int count) {
  for (int e = first; e < first + count; e++) {
    float next = 0;
    for (int t = d.steps - 1; t >= 0; t--) {
      const int64_t at = int64_t(t) * d.environments + e;
      next = d.reward[at] = drip_step(d.reward[at], next, d.terminated[at] || d.truncated[at] ? 0.0f : 1.0f, d.decay);
    }
  }
}

static void explained_variance(const float* target, const float* value, int64_t count, double* result) {
  double mean = 0, mean_error = 0, variance = 0, variance_error = 0;
  for (int64_t k = 0; k < count; k++) {
    mean += target[k];
    mean_error += double(target[k]) - value[k];
  }
  mean /= count;
  mean_error /= count;
  for (int64_t k = 0; k < count; k++) {
    const double centred = target[k] - mean, error = double(target[k]) - value[k] - mean_error;
    variance += centred * centred;
    variance_error += error * error;
  }
  *result = variance > 0 ? 1 - variance_error / variance : 0;
}

static void moments(const GradientIO& io, int rows, bool sample, AdvantageMoments* result) {
  const Sequence& s = io.sequence;
  const double count = double(s.steps - s.burn_in) * rows;
  const auto sum = [&](auto term) {
    double total = 0;
    for (int step = s.burn_in; step < s.steps; step++)
      for (int k = 0; k < rows; k++)
        total += term(double(io.advantage[step * s.stride + (io.index ? io.index[k] : k)]));
    return total;
  };
  const double mean = sum([](double x) { return x; }) / count;
  *result =
      moments_of(mean, sum([&](double x) { return (x - mean) * (x - mean); }) / degrees_of_freedom(count, sample));
}

static void sum_distances(const ObservationRows& o, int first, int count, double* sums) {
  double* const squares = sums + o.width;
  memset(sums, 0, sizeof(double) * 2 * size_t(o.width));
  for (int row = first; row < first + count; row++)
    for (int k = 0; k < o.width; k++) {
      const double distance = double(o.observation[int64_t(row) * o.width + k]) - o.observation[k];
      sums[k] += distance;
      squares[k] += distance * distance;
    }
}

static void merge_statistics(const ObservationRows& o, const double* sums, int count, const StatisticsPlace& place,
                             float* arena, const PpoUpdate* update) {
  if (is_not_finite(*update)) return;
  const StatisticsLayout at{place.n};
  float* const statistics = arena + place.offset;
  for (int k = 0; k < place.n; k++) {
    const int column = place.column + k;
    double sum = 0, squares = 0;
    for (int set = 0; set < count; set++) {
      const double* const of_set = sums + int64_t(set) * 2 * o.width;
      sum += of_set[column];
      squares += of_set[o.width + column];
    }
    merge_column(statistics, at, k, batch_moments(o.rows, o.observation[column], sum, squares));
  }
  merge_count(statistics, at, o.rows);
}

static void discount(const DiscountedReturns& d, const RewardScaling* scaling, int first, int count, double* sums) {
  for (int e = first; e < first + count; e++) discount_environment(d, *scaling, e, sums + 2 * int64_t(e));
}

static void merge_returns(const DiscountedReturns& d, const double* sums, RewardScaling* scaling) {
  double sum = 0, squares = 0;
  for (int e = 0; e < d.environments; e++) {
    sum += sums[2 * e];
    squares += sums[2 * e + 1];
  }
  merge_returns(*scaling, batch_moments(double(d.steps) * d.environments, scaling->returns.mean, sum, squares));
}

static double sum_of_squares(const float* x, int64_t count) {
  double sum[4] = {0, 0, 0, 0};
  for (int64_t k = 0; k < count; k++) sum[k % 4] += double(x[k]) * x[k];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void end_minibatch(const float* gradients, int64_t count, const PpoLimits& limits, PpoUpdate* update) {
  end_of_minibatch(*update, sum_of_squares(gradients, count), limits);
}

static void end_epoch(int minibatches, float target_kl, PpoUpdate* update) {
  end_of_epoch(*update, minibatches, target_kl);
}

static void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
                 const AdamConfig& given, UpdateGate* gate) {
  if (gate->stopped) return;
  const float scale = gate->gradient_scale;
  const AdamConfig config = at_rate(given, gate);
  const auto element = [&](auto number, int64_t k) {
    using N = decltype(number);
    N p, g, m, v;
    memcpy(&p, parameters + k, sizeof p);
    memcpy(&g, gradients + k, sizeof g);
    memcpy(&m, first + k, sizeof m);
    memcpy(&v, second + k, sizeof v);
    const N taken = adam_element(p, N(g * scale), m, v, config);
    memcpy(parameters + k, &p, sizeof p);
    memcpy(first + k, &m, sizeof m);
    memcpy(second + k, &v, sizeof v);
    return taken;
  };
  int64_t k = 0;
  Vector taken{};
  float rest = 0;
  for (; k + lanes<Vector> <= count; k += lanes<Vector>) taken += element(Vector{}, k);
  for (; k < count; k++) rest += element(0.0f, k);
  if (sum_of_lanes(taken) + rest != 0) gate->overflowed = 1;
}

static void momentum(const float* gradients, float* first, float* direction, const MuonMatrix& m, UpdateGate* gate) {
  if (gate->stopped) return;
  const float scale = gate->gradient_scale;
  float taken = 0;
  for (int64_t k = 0; k < int64_t(m.rows) * m.columns; k++)
    taken += momentum_element(gradients[k] * scale, first[k], direction[place_in_direction(m, k)], m);
  if (taken != 0) gate->overflowed = 1;
}

static void normalize(float* x, int64_t count) {
  const float factor = 1 / (float(square_root(sum_of_squares(x, count))) + muon_tiny);
  for (int64_t k = 0; k < count; k++) x[k] *= factor;
}

static void transpose(const float* x, float* transposed, int rows, int columns) {
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) transposed[int64_t(c) * rows + r] = x[int64_t(r) * columns + c];
}

static void multiply(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns,
                     float alpha, float beta) {
  for (int r = 0; r < rows; r++) {
    float* to = c + int64_t(r) * columns;
    for (int k = 0; k < columns; k++) to[k] = beta == 0 ? 0 : beta * d[int64_t(r) * columns + k];
    for (int i = 0; i < inner; i++) {
      const float x = alpha * a[int64_t(r) * inner + i];
      for (int k = 0; k < columns; k++) to[k] += x * b[int64_t(i) * columns + k];
    }
  }
}

static void follow(float* parameters, const float* direction, const MuonMatrix& given, UpdateGate* gate) {
  if (gate->stopped) return;
  const MuonMatrix m = at_rate(given, gate);
  float taken = 0;
  for (int64_t k = 0; k < int64_t(m.rows) * m.columns; k++)
    taken += follow_element(parameters[k], direction[place_in_direction(m, k)], m);
  if (taken != 0) gate->overflowed = 1;
}

extern const TrainingKernels training_table;
const TrainingKernels training_table = {end_step,   advantage,      explained_variance,
                                        drip,       shuffle,        moments,
                                        priorities, total_priority, weights,
                                        waits,      draw,           places,
                                        correct,    fill,           end_minibatch,
                                        end_epoch,  sum_distances,  merge_statistics,
                                        discount,   merge_returns,  adam,
                                        momentum,   normalize,      transpose,
                                        multiply,   follow};

}  // namespace torsor::TORSOR_ISA
