// What is left of training on CUDA, one thread per element: the optimiser, advantages, and places of minibatches.
#include "device/cuda/call.h"
#include "device/cuda/calls.h"
#include "device/cuda/launch.h"
#include "math/permutation.h"

namespace torsor::TORSOR_ISA {

// f(k) for this thread's share of 0 <= k < count.
template <class F> __device__ __forceinline__ void each(int64_t count, F f) {
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t k = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; k < count; k += step) f(k);
}

__global__ void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
                     const AdamConfig config) {
  each(count,
       [&](int64_t k) { parameters[k] = adam_element(parameters[k], gradients[k], first[k], second[k], config); });
}

// One thread per environment, backwards in time; neighbouring threads read neighbouring environments.
__global__ void advantage(const AdvantageIO io, const AdvantageConfig config, int first, int environments) {
  each(environments, [&](int64_t k) {
    const int64_t environment = first + k;
    float advantage = 0, next = io.last_value[environment];
    for (int t = io.steps - 1; t >= 0; t--) {
      const int64_t at = int64_t(t) * io.environments + environment;
      const bool terminated = io.terminated[at], truncated = io.truncated[at];
      const float following = terminated ? 0 : truncated ? io.final_value[at] : next;
      advantage_step(io.reward[at], io.value[at], following, io.ratio ? io.ratio[at] : 1.0f,
                     terminated || truncated ? 0.0f : 1.0f, config, advantage);
      io.advantage[at] = advantage;
      io.target[at] = advantage + io.value[at];
      next = io.value[at];
    }
  });
}

__global__ void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count,
                        int32_t* index) {
  each(count, [&](int64_t k) { index[k] = int32_t(Permutation(n, seed, stream, domain)(first + uint32_t(k))); });
}

// Part p of `parts` sums over the elements p, p + parts, p + 2 parts, ...
__global__ void squares(const float* x, int64_t count, int parts, double* sums) {
  each(parts, [&](int64_t part) {
    double sum = 0;
    for (int64_t k = part; k < count; k += parts) sum += double(x[k]) * x[k];
    sums[part] = sum;
  });
}

__global__ void scale(float* x, int64_t count, float factor) {
  each(count, [&](int64_t k) { x[k] *= factor; });
}

__global__ void multiply(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha,
                         float beta) {
  each(int64_t(rows) * columns, [&](int64_t k) {
    const int64_t row = k / columns, column = k % columns;
    float sum = beta == 0 ? 0 : beta * c[k];
    for (int i = 0; i < inner; i++) sum += alpha * a[row * inner + i] * b[int64_t(i) * columns + column];
    c[k] = sum;
  });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
          const AdamConfig& config) {
  Call call("a step of Adam");
  call.updates(parameters, 0, count);
  call.reads(gradients, 0, count);
  call.updates(first, 0, count);
  call.updates(second, 0, count);
  launch_each("adam", TORSOR_ISA::adam, count, parameters, gradients, first, second, count, config);
  call.finish();
}

void advantage(const AdvantageIO& given, const AdvantageConfig& config, int first, int environments) {
  Call call("advantages");
  AdvantageIO io = given;
  call.reads(io.ratio, 0, int64_t(io.steps) * io.environments);  // the other arrays are a rollout's
  launch_each("advantage", TORSOR_ISA::advantage, environments, io, config, first, environments);
  call.finish();
}

void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count, int32_t* index) {
  Call call("places of minibatches");
  call.writes(index, 0, count);
  launch_each("permute", TORSOR_ISA::permute, count, n, seed, stream, domain, first, count, index);
  call.finish();
}

double sum_of_squares(const float* x, int64_t count) {
  constexpr int parts = 4096;
  Call call("a sum of squares");
  call.reads(x, 0, count);
  std::vector<double> sums(parts);
  double* target = sums.data();
  call.writes(target, 0, parts);
  launch_each("squares", TORSOR_ISA::squares, parts, x, count, parts, target);
  call.finish();
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

void scale(float* x, int64_t count, float factor) {
  Call call("a scaling");
  call.updates(x, 0, count);
  launch_each("scale", TORSOR_ISA::scale, count, x, count, factor);
  call.finish();
}

void multiply(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha, float beta) {
  Call call("a product of matrices");
  call.reads(a, 0, int64_t(rows) * inner);
  call.reads(b, 0, int64_t(inner) * columns);
  call.updates(c, 0, int64_t(rows) * columns);
  launch_each("multiply", TORSOR_ISA::multiply, int64_t(rows) * columns, a, b, c, rows, inner, columns, alpha, beta);
  call.finish();
}

cudaError_t loadable() {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, TORSOR_ISA::scale);
}

}  // namespace torsor::calls
