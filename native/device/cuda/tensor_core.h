// Products of matrices on tensor cores, for instructions whose precision is not float32.
//
// How far a sum of n products a b is off: rounding to nearest changes an operand by the factor 1 + d, |d| <= u, with u = 2^-11 for tf32 (10 bits
// behind the leading one) and 2^-8 for bf16 (7 bits). So a product is off by at most (2 u + u^2) |a b|, and the sum by
// (2 u + u^2 + n 2^-22) sum |a b|: every addition in float32 is off by 2^-23 of what it adds up at most, as tensor cores may cut off where others
// round, and twice that leaves room for their order.
#pragma once
#include "device/cuda/tile.h"
#ifdef __NVCC__
#include "device/cuda/mma.h"
#else
#include "emulated_mma.h"  // tests compile kernels for the host: theirs computes the same in software
#endif

namespace torsor::TORSOR_ISA {

constexpr int mma_rows = 16, mma_columns = 8;

// f(item) for item < n, each by a warp, then a barrier. Blocks are whole warps.
template <class F> __device__ __forceinline__ void spread_warps(int n, F f) {
  constexpr int lanes = 32;
  for (int item = threadIdx.x / lanes; item < n; item += (blockDim.x + lanes - 1) / lanes) f(item);
  __syncthreads();
}

// finish(i, j, sum of left(i, k) right(k, j) over k < n) for i < 16 Tiles and j < 8. Only k < n is asked for.
template <class P, int Tiles, class Left, class Right, class Finish>
__device__ __forceinline__ void multiply_in_warp(int n, Left left, Right right, Finish finish) {
  WarpSums<P, Tiles> sums;
  for (int first = 0; first < n; first += P::depth) {
    const auto inputs = [&](int lane, int half, auto f) {
      const int k = first + (lane % 4 + 4 * half) * P::packed;
      return P::round([&](int part) { return k + part < n ? f(k + part) : 0.0f; });
    };
    sums.add(
        [&](int lane, int tile, int i) {
          const int row = tile * mma_rows + lane / 4 + i % 2 * 8;
          return inputs(lane, i / 2, [&](int k) { return left(row, k); });
        },
        [&](int lane, int i) { return inputs(lane, i, [&](int k) { return right(k, lane / 4); }); });
  }
  sums.each([&](int lane, int tile, int i, float sum) {
    finish(tile * mma_rows + lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2, sum);
  });
}

// f(Tf32{} or Bf16{})
template <class F> __device__ __forceinline__ void with_precision(Precision precision, F f) {
  if (precision == Precision::tf32)
    f(Tf32{});
  else
    f(Bf16{});
}

// As multiply_columns of linear.h without a bias: finish(j, r, sum over i < n_in of weight(j, i) times row r of column in + i).
template <int Rows, class Weight, class Finish>
__device__ __forceinline__ void multiply_columns_in_warps(const Tile<Rows>& t, Precision precision, int in, int n_in,
                                                          int n_out, Weight weight, Finish finish) {
  with_precision(precision, [&](auto p) {
    spread_warps((n_out + mma_columns - 1) / mma_columns, [&](int item) {
      const int first = item * mma_columns;
      multiply_in_warp<decltype(p), Rows / mma_rows>(
          n_in, [&](int r, int i) { return t.at(in + i, r); },
          [&](int i, int j) { return first + j < n_out ? weight(first + j, i) : 0.0f; },
          [&](int r, int j, float sum) {
            if (first + j < n_out) finish(first + j, r, sum);
          });
    });
  });
}

// gradient[i][j] += sum over the rows of column in + i times column dz + j.
template <int Rows>
__device__ __forceinline__ void add_weight_gradient_in_warps(const Tile<Rows>& t, Precision precision, int in, int n_in,
                                                             int dz, int n_out, float* gradient, int stride) {
  const int across = (n_out + mma_columns - 1) / mma_columns, down = (n_in + mma_rows - 1) / mma_rows;
  with_precision(precision, [&](auto p) {
    spread_warps(across * down, [&](int item) {
      const int i0 = item / across * mma_rows, j0 = item % across * mma_columns;
      multiply_in_warp<decltype(p), 1>(
          Rows, [&](int i, int r) { return i0 + i < n_in ? t.at(in + i0 + i, r) : 0.0f; },
          [&](int r, int j) { return j0 + j < n_out ? t.at(dz + j0 + j, r) : 0.0f; },
          [&](int i, int j, float sum) {
            if (i0 + i < n_in && j0 + j < n_out) gradient[(i0 + i) * stride + j0 + j] += sum;
          });
    });
  });
}

}  // namespace torsor::TORSOR_ISA
