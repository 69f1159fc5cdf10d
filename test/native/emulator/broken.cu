// Kernels that prove the emulator; see broken.h.
#include "emulator/broken.h"

namespace broken {

__global__ void reverse(const float* x, float* y, int n) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x, first = blockIdx.x * n;
  if (k < n) scratch[k] = x[first + k];
  __syncthreads();
  if (k < n) y[first + k] = scratch[n - 1 - k];
}

__global__ void reverse_without_barrier(const float* x, float* y, int n) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x;
  scratch[k] = x[k];
  y[k] = scratch[n - 1 - k];
}

// A tree whose last barrier is missing: the write of one round meets the read of the one before.
__global__ void sum_of_neighbours(const float* x, float* y, int n) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x;
  scratch[k] = x[k];
  __syncthreads();
  for (int round = 0; round < 2; round++) {
    const float sum = scratch[k] + scratch[(k + 1) % n];
    if (round == 0) __syncthreads();
    scratch[k] = sum;
    __syncthreads();
  }
  y[k] = scratch[k];
}

__global__ void read_behind_the_end(const float* x, float* y, int n) {
  for (int k = threadIdx.x; k <= 2 * n; k += blockDim.x) y[k % n] = x[k];
}

__global__ void write_before_the_start(const float* x, float* y, int) {
  const int k = threadIdx.x;
  y[k - 1] = x[k];
}

__global__ void beyond_shared_memory(const float* x, float* y, int n) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x;
  scratch[n + k] = x[k];
  __syncthreads();
  y[k] = scratch[n + k];
}

__global__ void half_a_vector(const float* x, float* y, int) {
  const float4 v = *reinterpret_cast<const float4*>(x + 2);
  y[threadIdx.x] = v.x + v.y + v.z + v.w;
}

// Element n - 1 is left out. What an earlier block or launch has left there does not count.
__global__ void read_unwritten_shared(const float* x, float* y, int n) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x;
  if (k < n - 1 || blockIdx.x == 0) scratch[k] = x[k];
  __syncthreads();
  y[blockIdx.x * n + k] = scratch[k];
}

__global__ void read_unwritten_array(const float* x, float* y, int) { y[threadIdx.x] += x[threadIdx.x]; }

__global__ void barrier_for_some(const float* x, float* y, int n) {
  const int k = threadIdx.x;
  if (k == n - 1) return;
  __syncthreads();
  y[k] = x[k];
}

__global__ void barriers_on_two_lines(const float* x, float* y, int n) {
  const int k = threadIdx.x;
  if (k < n / 2)
    __syncthreads();
  else
    __syncthreads();
  y[k] = x[k];
}

__global__ void everybody_adds(const float* x, float* y, int) {
  const int k = threadIdx.x;
  if (k == 0) y[0] = 0;
  __syncthreads();
  y[0] += x[k];
}

__global__ void everybody_adds_atomically(const float* x, float* y, int n) {
  const int k = threadIdx.x;
  if (k < n) y[k] = 0;
  __syncthreads();
  atomicAdd(y, x[k]);
  __syncthreads();
  if (k > 0) y[k] = y[0];
}

__global__ void atomic_then_plain(const float* x, float* y, int) {
  const int k = threadIdx.x;
  y[k] = 0;
  __syncthreads();
  atomicAdd(y, x[k]);
  if (k == 5) y[1] = y[0];
}

__global__ void blocks_share_a_sum(const float* x, float* y, int n) {
  if (threadIdx.x == 0) y[0] = x[blockIdx.x % n];
}

__global__ void blocks_read_each_other(const float* x, float* y, int n) {
  const int k = threadIdx.x, block = blockIdx.x;
  float* common = const_cast<float*>(x);
  y[block * n + k] = common[(1 - block) * n + k];
  common[block * n + k] = 0;
}

__global__ void read_only_cache_of_output(const float* x, float* y, int n) {
  const int k = threadIdx.x;
  y[k] = __ldg(x + k);
  __syncthreads();
  y[k] = __ldg(y + n - 1 - k);
}

__global__ void stack_of_another(const float*, float* y, int) {
  extern __shared__ float scratch[];
  float own[2] = {1, 2};
  float** pointers = reinterpret_cast<float**>(scratch);
  if (threadIdx.x == 0) pointers[0] = own;
  __syncthreads();
  y[threadIdx.x] = pointers[0][threadIdx.x % 2];
}

// The sum of each warp, by halves; then every lane has it from lane 0.
__global__ void warp_sum(const float* x, float* y, int) {
  const int k = threadIdx.x;
  float down = x[k], across = x[k];
  for (int distance = 16; distance > 0; distance /= 2) {
    down += __shfl_down_sync(~0u, down, distance);
    across += __shfl_xor_sync(~0u, across, distance);
  }
  y[k] = __shfl_sync(~0u, down, 0) + across;
}

// How many lanes below this one hold a positive number, counted by the odd lanes and the even ones apart.
__global__ void warp_votes(const float* x, float* y, int) {
  const int k = threadIdx.x, lane = k % warpSize;
  unsigned votes;
  if (lane % 2)
    votes = __ballot_sync(0xaaaaaaaau, x[k] > 0);
  else
    votes = __ballot_sync(0x55555555u, x[k] > 0);
  y[k] = float(__builtin_popcount(votes & ((1u << lane) - 1)));
}

// Shared memory passed on within warps: __syncwarp orders it.
__global__ void warp_rotation(const float* x, float* y, int) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x, next = k / warpSize * warpSize + (k + 1) % warpSize;
  scratch[k] = x[k];
  __syncwarp();
  const float passed = scratch[next];
  __syncwarp();
  scratch[k] = passed;
  __syncwarp();
  y[k] = scratch[next];
}

__global__ void warp_rotation_without_syncwarp(const float* x, float* y, int) {
  extern __shared__ float scratch[];
  const int k = threadIdx.x, next = k / warpSize * warpSize + (k + 1) % warpSize;
  scratch[k] = x[k];
  __syncwarp();
  scratch[k] = scratch[next];
  __syncwarp();
  y[k] = scratch[k];
}

__global__ void shuffle_without_some(const float* x, float* y, int) {
  const int k = threadIdx.x;
  y[k] = x[k];
  if (k % 4 != 3) y[k] = __shfl_xor_sync(~0u, x[k], 1);
  __syncthreads();
}

__global__ void shuffle_from_outside_the_mask(const float* x, float* y, int) {
  const int k = threadIdx.x;
  y[k] = k % 2 ? 0 : __shfl_xor_sync(0x55555555u, x[k], 1);
}

__global__ void barrier_against_shuffle(const float* x, float* y, int) {
  const int k = threadIdx.x;
  if (k % warpSize == 3)
    __syncthreads();
  else
    y[k] = __shfl_sync(~0u, x[k], 0);
}

}  // namespace broken
