// The CPU kernels that choose what a minibatch is made of.
#pragma once
#include "device/training_rows.h"

namespace torsor::TORSOR_ISA {

static void shuffle(const Shuffle& s, int first, int count) {
  const Permutation place(s.segments, s.seed, s.stream, s.domain);
  for (int k = first; k < first + count; k++) {
    s.segment[k] = int32_t(place(uint32_t(k)));
    s.index[k] = first_row(s.segment[k], s.length, s.environments);
  }
}

static void priorities(const Priorities& p, int first, int count) {
  for (int k = first; k < first + count; k++) p.priority[k] = priority_of_segment(p, k);
}

static void total_priority(const Priorities& p) {
  double total = 0;
  for (int k = 0; k < p.segments; k++) total += p.priority[k];
  *p.total = total;
}

static void weights(const Priorities& p, int first, int count) {
  for (int k = first; k < first + count; k++) {
    const double probability = probability_of(p.priority[k], *p.total);
    p.probability[k] = float(probability);
    p.weight[k] = float(importance_weight(probability, p.segments, p.config));
  }
}

static void waits(const Draw& d, int first, int count) {
  for (int k = first; k < first + count; k++)
    d.wait[k] = exponential_wait(uint32_t(k), d.seed, d.stream, d.domain, d.number);
}

// Of a heap whose smallest key is on top, but for key k.
static void sift_down(uint64_t* keys, int count, int k) {
  for (int child; (child = 2 * k + 1) < count; k = child) {
    if (child + 1 < count && keys[child + 1] < keys[child]) child++;
    if (keys[k] <= keys[child]) return;
    const uint64_t key = keys[k];
    keys[k] = keys[child];
    keys[child] = key;
  }
}

static void draw(const Draw& d) {
  for (int k = 0; k < d.segments; k++) d.keys[k] = arrival(uint32_t(k), d.wait[k], d.priority[k]);
  for (int k = d.segments / 2; k-- > 0;) sift_down(d.keys, d.segments, k);
  for (int drawn = 0, left = d.segments; drawn < d.count; drawn++) {
    d.segment[drawn] = int32_t(uint32_t(d.keys[0]));
    d.keys[0] = d.keys[--left];
    sift_down(d.keys, left, 0);
  }
}

static void places(const Drawn& d) {
  const int steps = d.step_by_step ? d.length : 1;
  for (int k = 0; k < d.count; k++)
    for (int step = 0; step < steps; step++)
      d.index[int64_t(k) * steps + step] = first_row(d.segment[k], d.length, d.environments) + step * d.environments;
}

static void correct(const Drawn& d) {
  for (int64_t k = 0; k < int64_t(d.count) * d.length; k++) correct_step(d, k);
}

static void fill(float* x, int64_t count, float value) {
  for (int64_t k = 0; k < count; k++) x[k] = value;
}

}  // namespace torsor::TORSOR_ISA
