// CUDA tile: `rows` rows of the batch, features in columns, in the shared memory of one block. The counterpart of device/cpu/tile.h.
#pragma once
#include "math/number.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

// Cells of one row among those of a tile: neighbouring threads read neighbouring numbers.
template <class W, int Rows> struct Strided {
  W* memory;
  __device__ __forceinline__ W& operator[](int64_t k) const { return memory[k * Rows]; }
  __device__ __forceinline__ Strided operator+(int64_t k) const { return {memory + k * Rows}; }
};

// Columns of a tile one behind the other; or those of a batch, of which a tile has some rows. A group is one row: one thread; as on the CPU, a
// column is `groups` of them away from the next.
template <int Rows> struct OwnColumns {
  static constexpr int groups = Rows;
  static constexpr bool of_tile = true;
};
struct BatchColumns {
  int groups;
  static constexpr bool of_tile = false;
};

template <int Rows, class Columns = OwnColumns<Rows>> struct Tile : Columns {
  using N = float;
  using Columns::groups;
  static constexpr int rows = Rows;

  __device__ __forceinline__ Tile(float* columns_, int first_row_, int live_, const int32_t* index_, Columns of = {})
      : Columns(of), columns(columns_), first_row(first_row_), live(live_), index(index_) {}

  float* columns;
  int first_row, live;   // rows first_row ... first_row + live - 1 of the batch; the other rows compute on zeros
  const int32_t* index;  // place of each row of the batch in the arrays; null: its own number
  int64_t base = 0;      // added to it: the rows of the steps before
  // A tile may hold several steps of a sequence, `lag` rows each: row r goes on from row r - lag, `stride` rows before it in the arrays.
  int lag = rows;
  int64_t stride = 0;

  __device__ __forceinline__ float* column(int c) const { return columns + c * groups; }
  __device__ __forceinline__ float& at(int c, int g) const { return column(c)[g]; }
  __device__ __forceinline__ float& number(int c, int r) const { return at(c, r); }

  // Numbers of an op besides the columns, in global memory: cell k of every row. A share is a row: one thread.
  template <class W> using Cells = Strided<W, Rows>;
  static constexpr int cell_floats = 2 * Rows;
  __device__ __forceinline__ Tile numbers() const { return *this; }
  template <class W> __device__ __forceinline__ Cells<W> cells(float* scratch, int r) const {
    return {reinterpret_cast<W*>(scratch) + r};
  }
  template <class W> __device__ __forceinline__ W sum_of_cells(float* scratch, int64_t k) const {
    W sum = 0;
    for (int r = 0; r < live; r++) sum += cells<W>(scratch, r)[k];
    return sum;
  }
  template <class F> __device__ __forceinline__ void each_share(F f) const {
    spread(live, [&](int r) { f(r, r + 1); });
  }
  __device__ __forceinline__ int64_t place(int r) const {
    const bool first = r < lag;  // spares most tiles the division
    const int row = first ? r : r % lag;
    return base + (first ? 0 : r / lag * stride) + (index ? __ldg(index + first_row + row) : first_row + row);
  }
  __device__ __forceinline__ uint32_t row(int g) const { return first_row + g; }
  __device__ __forceinline__ float alive(int g) const { return g < live ? 1.0f : 0.0f; }
  __device__ __forceinline__ float of_batch(const float* x, int g) const {
    return g < live ? __ldg(x + place(g)) : 0.0f;
  }
  __device__ __forceinline__ float of_batch(const float* x, int g, int width, int k) const {
    return g < live ? x[place(g) * width + k] : 0.0f;
  }
  __device__ __forceinline__ void to_batch(float* x, int g, float v) const {
    if (g < live) x[place(g)] = v;
  }

  __device__ __forceinline__ float flag(const uint8_t* x, int g) const { return g < live && x[place(g)] ? 1.0f : 0.0f; }

  // f(i) for i < n, spread over the threads of the block, then a barrier: the next instruction reads what this one wrote.
  template <class F> __device__ __forceinline__ void spread(int n, F f) const {
    for (int i = threadIdx.x; i < n; i += blockDim.x) f(i);
    __syncthreads();
  }
  template <class F> __device__ __forceinline__ void each(int columns_, F f) const {
    if constexpr (Columns::of_tile)
      spread(columns_ * rows, f);
    else
      spread(columns_ * rows, [&](int i) { f(i / rows * groups + i % rows); });
  }
  template <class F> __device__ __forceinline__ void each_group(F f) const { spread(rows, f); }

  // 1 for the rows of the first step, 0 for those that go on from another row of the tile.
  __device__ __forceinline__ float first_step(int g) const { return g < lag ? 1.0f : 0.0f; }
  // A column as the rows `distance` further down see it (further up where it is negative); 0 beyond the ends of the tile.
  __device__ __forceinline__ float shifted(int c, int distance, int g) const {
    const int from = g - distance;
    return from >= 0 && from < rows ? at(c, from) : 0.0f;
  }
  // A round of a scan over n columns: x[r] += a[r] x[r - distance], then a[r] *= a[r - distance]. A thread takes whole columns, the rows that
  // are read before those that are written.
  __device__ __forceinline__ void scan_round(int x, int a, int n, int distance) const {
    spread(n, [&](int k) {
      for (int i = 0; i < rows; i++) {
        const int r = distance > 0 ? rows - 1 - i : i;
        const float factor = at(a + k, r);
        at(x + k, r) += factor * shifted(x + k, distance, r);
        at(a + k, r) = factor * shifted(a + k, distance, r);
      }
    });
  }

  // Adds the sum over the rows of a column, in an order that does not depend on the number of threads. Columns of a batch are left to a kernel that
  // sums all of their rows.
  __device__ __forceinline__ void add_sum(int c, float* sum) const {
    if constexpr (!Columns::of_tile) return;
    if (threadIdx.x == 0) {
      float total = 0;
      for (int g = 0; g < rows; g++) total += at(c, g);
      *sum += total;
    }
    __syncthreads();  // who comes next may overwrite the column
  }

  // Row-major memory to columns and back.
  __device__ __forceinline__ void load(int c, int n, const float* source) const {
    spread(rows * n, [&](int i) {
      const int r = i / n, k = i % n;
      at(c + k, r) = r < live ? source[place(r) * n + k] : 0.0f;
    });
  }
  __device__ __forceinline__ void store(int c, int n, float* target) const {
    spread(live * n, [&](int i) { target[place(i / n) * n + i % n] = at(c + i % n, i / n); });
  }
  __device__ __forceinline__ void store_index(int c, int n, int32_t* target) const {
    spread(live * n, [&](int i) { target[place(i / n) * n + i % n] = int32_t(at(c + i % n, i / n)); });
  }

  // Logit k of a row where the mask allows it, otherwise -infinity.
  __device__ __forceinline__ float masked(const uint8_t* mask, int n, int k, int g, float logit) const {
    return mask && g < live && !mask[place(g) * n + k] ? -__builtin_huge_valf() : logit;
  }
};

}  // namespace torsor::TORSOR_ISA
