// Sums over arrays in two launches. Their order depends on the number of elements alone: the same bits at every run.
#pragma once
#include <algorithm>

#include "device/cuda/call.h"
#include "device/cuda/each.h"
#include "device/cuda/launch.h"

namespace torsor::TORSOR_ISA {

constexpr int lanes_of_sum = 64;  // threads of the second launch; the first makes so many partial sums, or a multiple

// Part p of `parts` is the sum of the terms p, p + parts, p + 2 parts, ...
template <class Sum, class Term> __global__ void add_parts(const Term term, int64_t count, int parts, Sum* sums) {
  each(parts, [&](int64_t part) {
    Sum sum{};
    for (int64_t k = part; k < count; k += parts) sum += term(k);
    sums[part] = sum;
  });
}

// One block.
template <class Sum, class Done> __global__ void add_up(Sum* sums, int parts, const Done done) {
  for (int lane = threadIdx.x; lane < lanes_of_sum; lane += blockDim.x) {
    Sum sum = sums[lane];
    for (int part = lane + lanes_of_sum; part < parts; part += lanes_of_sum) sum += sums[part];
    sums[lane] = sum;
  }
  __syncthreads();
  if (threadIdx.x > 0) return;
  Sum total = sums[0];
  for (int lane = 1; lane < lanes_of_sum; lane++) total += sums[lane];
  done(total);
}

// One thread gives the sum of term(k) over 0 <= k < count to done().
template <class Sum, class Term, class Done>
void reduce(Call& call, int64_t count, const Term& term, const Done& done) {
  const int parts = lanes_of_sum * int(std::clamp<int64_t>(count / (lanes_of_sum * lanes_of_sum), 1, lanes_of_sum));
  Sum* const sums = call.scratch<Sum>(parts);
  launch_each("add_parts", add_parts<Sum, Term>, parts, term, count, parts, sums);
  launch("add_up", add_up<Sum, Done>, 1, lanes_of_sum, 0, sums, parts, done);
}

struct SquareOf {
  const float* x;
  __device__ double operator()(int64_t k) const { return double(x[k]) * x[k]; }
};

}  // namespace torsor::TORSOR_ISA
