// What minibatches are made of, on CUDA: permutations, and draws of segments by priority.
#include "device/cuda/calls.h"
#include "device/cuda/reduce.h"
#include "device/training_rows.h"

namespace torsor::TORSOR_ISA {

__global__ void shuffle(const Shuffle s, int first, int count) {
  const Permutation place(s.segments, s.seed, s.stream, s.domain);
  each(count, [&](int64_t k) {
    const int64_t at = first + k;
    s.segment[at] = int32_t(place(uint32_t(at)));
    s.index[at] = first_row(s.segment[at], s.length, s.environments);
  });
}

__global__ void priorities(const Priorities p, int first, int count) {
  each(count, [&](int64_t k) { p.priority[first + k] = priority_of_segment(p, int(first + k)); });
}

struct PriorityOf {
  const double* priority;
  __device__ double operator()(int64_t k) const { return priority[k]; }
};

struct TotalPriority {
  double* total;
  __device__ void operator()(double sum) const { *total = sum; }
};

__global__ void weights(const Priorities p, int first, int count) {
  each(count, [&](int64_t k) {
    const double probability = probability_of(p.priority[first + k], *p.total);
    p.probability[first + k] = float(probability);
    p.weight[first + k] = float(importance_weight(probability, p.segments, p.config));
  });
}

__global__ void waits(const Draw d, int first, int count) {
  each(count, [&](int64_t k) {
    d.wait[first + k] = exponential_wait(uint32_t(first + k), d.seed, d.stream, d.domain, d.number);
  });
}

// A draw puts keys in order: within parts by counting, and then each among the parts by bisection, a thread per key.
constexpr int part_keys = 1024;

__global__ void arrivals(const Draw d) {
  each(d.segments, [&](int64_t k) { d.keys[k] = arrival(uint32_t(k), d.wait[k], d.priority[k]); });
}

__global__ void sort_parts(const uint64_t* keys, int count, uint64_t* sorted) {
  each(count, [&](int64_t k) {
    const int first = int(k) / part_keys * part_keys, end = min(first + part_keys, count);
    int before = 0;
    for (int other = first; other < end; other++) before += keys[other] < keys[k];
    sorted[first + before] = keys[k];
  });
}

__global__ void take_first(const uint64_t* sorted, int count, int wanted, int32_t* segment) {
  each(count, [&](int64_t k) {
    const uint64_t key = sorted[k];
    int before = 0;
    for (int first = 0; first < count && before < wanted; first += part_keys) {
      int low = first, high = min(first + part_keys, count);  // the first key of the part that is not below ours
      while (low < high) {
        const int middle = (low + high) / 2;
        if (sorted[middle] < key)
          low = middle + 1;
        else
          high = middle;
      }
      before += low - first;
    }
    if (before < wanted) segment[before] = int32_t(uint32_t(key));
  });
}

__global__ void places(const Drawn d) {
  const int steps = d.step_by_step ? d.length : 1;
  each(int64_t(d.count) * steps, [&](int64_t k) {
    d.index[k] = first_row(d.segment[k / steps], d.length, d.environments) + int32_t(k % steps) * d.environments;
  });
}

__global__ void correct(const Drawn d) {
  each(int64_t(d.count) * d.length, [&](int64_t k) { correct_step(d, k); });
}

__global__ void fill(float* x, int64_t count, float value) {
  each(count, [&](int64_t k) { x[k] = value; });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

void shuffle(const Shuffle& s, int first, int count) {
  Call call("places of minibatches");
  launch_each("shuffle", TORSOR_ISA::shuffle, count, s, first, count);
  call.finish();
}

void priorities(const Priorities& p, int first, int count) {
  Call call("priorities of segments");
  launch_each("priorities", TORSOR_ISA::priorities, count, p, first, count);
  call.finish();
}

void total_priority(const Priorities& p) {
  Call call("the sum of priorities");
  TORSOR_ISA::reduce<double>(call, p.segments, TORSOR_ISA::PriorityOf{p.priority}, TORSOR_ISA::TotalPriority{p.total});
  call.finish();
}

void weights(const Priorities& p, int first, int count) {
  Call call("weights of segments");
  launch_each("weights", TORSOR_ISA::weights, count, p, first, count);
  call.finish();
}

void waits(const Draw& d, int first, int count) {
  Call call("noise of a draw");
  launch_each("waits", TORSOR_ISA::waits, count, d, first, count);
  call.finish();
}

void draw(const Draw& d) {
  Call call("a draw of segments");
  uint64_t* const sorted = call.scratch<uint64_t>(d.segments);
  launch_each("arrivals", TORSOR_ISA::arrivals, d.segments, d);
  launch_each("sort_parts", TORSOR_ISA::sort_parts, d.segments, d.keys, d.segments, sorted);
  launch_each("take_first", TORSOR_ISA::take_first, d.segments, sorted, d.segments, d.count, d.segment);
  call.finish();
}

void places(const Drawn& d) {
  Call call("places of segments");
  launch_each("places", TORSOR_ISA::places, int64_t(d.count) * (d.step_by_step ? d.length : 1), d);
  call.finish();
}

void correct(const Drawn& d) {
  Call call("corrected advantages");
  launch_each("correct", TORSOR_ISA::correct, int64_t(d.count) * d.length, d);
  call.finish();
}

void fill(float* x, int64_t count, float value) {
  Call call("filling an array");
  launch_each("fill", TORSOR_ISA::fill, count, x, count, value);
  call.finish();
}

}  // namespace torsor::calls
