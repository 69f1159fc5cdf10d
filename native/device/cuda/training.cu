// Training on CUDA: evaluation and gradients of a batch, one block per tile, and what is left, one thread per element.
#include "device/kernels.h"
#include "math/permutation.h"
#include "device/cuda/gradient.h"
#include "device/cuda/scratch.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128, blocks = 2;  // blocks: as in policy_step.cu

__global__ void __launch_bounds__(threads, blocks)
    evaluate(const __grid_constant__ Program program, const __grid_constant__ EvaluateIO io, int rows, float* scratch) {
  extern __shared__ __align__(16) float columns[];
  const int first = blockIdx.x * small_rows;
  run_evaluate(Tile<small_rows>{columns, first, min(small_rows, rows - first), nullptr}, program, io,
               scratch_of_block<small_rows>(program, scratch));
}

// Every block has its own accumulators [program.accumulators], zeroed beforehand.
__global__ void __launch_bounds__(threads, blocks)
    gradient(const __grid_constant__ Program program, const __grid_constant__ GradientIO io, float* accumulators,
             int rows, float* scratch) {
  extern __shared__ __align__(16) float columns[];
  const int first = blockIdx.x * small_rows;
  const Tile<small_rows> t{columns, first, min(small_rows, rows - first), io.index};
  const Memory memory{io.parameters, nullptr, nullptr, accumulators + int64_t(blockIdx.x) * program.accumulators,
                      scratch_of_block<small_rows>(program, scratch)};
  gradient_of_tile(t, program, io, memory);
}

__global__ void adam(float* parameters, const float* gradients, float* first, float* second, int count,
                     const AdamConfig config) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  if (k < count) parameters[k] = adam_element(parameters[k], gradients[k], first[k], second[k], config);
}

// One thread per environment, backwards in time; neighbouring threads read neighbouring environments.
__global__ void advantage(const AdvantageIO io, const AdvantageConfig config) {
  const int environment = blockIdx.x * blockDim.x + threadIdx.x;
  if (environment >= io.environments) return;
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
}

__global__ void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count,
                        int32_t* index) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  if (k < count) index[k] = int32_t(Permutation(n, seed, stream, domain)(first + k));
}

}  // namespace torsor::TORSOR_ISA
