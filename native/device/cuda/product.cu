// The products of layers where cuBLASLt does not form them. See product.h.
#include "device/cuda/product.h"

#include <algorithm>

#include "device/cuda/each.h"
#include "device/cuda/launch.h"
#include "device/cuda/tensor_core.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128;
constexpr int side = 4;  // a thread forms side x side sums, so that a number is read for as many of them

__device__ __forceinline__ float element(const Factor& f, int row, int column) {
  return __ldg(f.data + (f.transposed ? row * f.pitch + column : column * f.pitch + row));
}

__device__ __forceinline__ void store(const MatrixProduct& m, int row, int column, float sum) {
  float& result = m.result[column * m.pitch + row];
  result = m.add ? result + sum : sum;
}

// Rows of one thread are `down` apart, so that neighbouring threads read neighbouring numbers.
__global__ void __launch_bounds__(threads) product(const __grid_constant__ MatrixProduct m) {
  const int down = (m.rows + side - 1) / side, across = (m.columns + side - 1) / side;
  each(int64_t(down) * across, [&](int64_t item) {
    const int row = int(item % down), column = int(item / down) * side;
    float sum[side][side] = {};
    for (int k = 0; k < m.inner; k++) {
      float a[side], b[side];  // past an end the last row or column is read again, and not stored
      UNROLL for (int i = 0; i < side; i++) {
        a[i] = element(m.a, min(row + i * down, m.rows - 1), k);
        b[i] = element(m.b, k, min(column + i, m.columns - 1));
      }
      UNROLL for (int i = 0; i < side; i++) UNROLL for (int j = 0; j < side; j++) sum[i][j] += a[i] * b[j];
    }
    UNROLL for (int i = 0; i < side; i++)
        UNROLL for (int j = 0; j < side; j++) if (row + i * down < m.rows && column + j < m.columns)
            store(m, row + i * down, column + j, sum[i][j]);
  });
}

// In other precisions than float32: a warp forms 16 x 8 sums.
__global__ void __launch_bounds__(threads) product_in_warps(const __grid_constant__ MatrixProduct m) {
  constexpr int lanes = 32;
  const int down = (m.rows + mma_rows - 1) / mma_rows, across = (m.columns + mma_columns - 1) / mma_columns;
  const int64_t warps = (blockDim.x + lanes - 1) / lanes;
  with_precision(m.precision, [&](auto p) {
    for (int64_t item = blockIdx.x * warps + threadIdx.x / lanes; item < int64_t(down) * across;
         item += gridDim.x * warps) {
      const int i0 = int(item % down) * mma_rows, j0 = int(item / down) * mma_columns;
      multiply_in_warp<decltype(p), 1>(
          m.inner, [&](int i, int k) { return i0 + i < m.rows ? element(m.a, i0 + i, k) : 0.0f; },
          [&](int k, int j) { return j0 + j < m.columns ? element(m.b, k, j0 + j) : 0.0f; },
          [&](int i, int j, float sum) {
            if (i0 + i < m.rows && j0 + j < m.columns) store(m, i0 + i, j0 + j, sum);
          });
    }
  });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor {

void multiply_by_kernel(const MatrixProduct& m) {
  using namespace TORSOR_ISA;
  const auto blocks = [](int64_t items, int of_block) { return int((items + of_block - 1) / of_block); };
  const auto parts = [](int n, int of) { return int64_t(n + of - 1) / of; };
  if (m.precision == Precision::float32)
    launch("product", product, blocks(parts(m.rows, side) * parts(m.columns, side), threads), threads, 0, m);
  else
    launch("product_in_warps", product_in_warps,
           blocks(parts(m.rows, mma_rows) * parts(m.columns, mma_columns), threads / 32), threads, 0, m);
}

}  // namespace torsor
