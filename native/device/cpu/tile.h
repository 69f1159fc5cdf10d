// CPU tile: `rows` rows of the batch, features in columns, a column is `groups` vectors of N. One thread owns it, in its cache.
#pragma once
#include "math/number.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

// The numbers of a tile one by one, whatever its rows: what is not worth a copy of the code for every kind of tile.
struct Numbers {
  float* columns;
  int rows;
  HD float& number(int c, int r) const { return columns[int64_t(c) * rows + r]; }

  // Memory of an op besides the columns: cell k of as many rows as W has lanes. Shares of the rows are taken one after another.
  template <class W> using Cells = W*;
  static constexpr int cell_floats = 16;  // of a share: the widest W
  template <class W> HD W* cells(float* scratch, int) const { return reinterpret_cast<W*>(scratch); }
};

template <class N_> struct Tile {
  using N = N_;

  N* columns;
  int rows, groups;  // numbers, not constants of the type: all but products is compiled once for large and small tiles
  int first_row, live;  // rows first_row ... first_row + live - 1 of the batch; the other rows compute on zeros
  const int32_t* index = nullptr;  // place of each row of the batch in the arrays; null: its own number
  int64_t base = 0;                // added to it: the rows of the steps before
  // A tile may hold several steps of a sequence, `lag` rows each: row r goes on from row r - lag, `stride` rows before it in the arrays.
  int lag = rows;
  int64_t stride = 0;

  HD Tile(N* columns, int rows, int first_row, int live)
      : columns(columns), rows(rows), groups(rows / lanes<N>), first_row(first_row), live(live) {}

  HD N* column(int c) const { return columns + c * groups; }
  HD float* scalars(int c) const { return reinterpret_cast<float*>(column(c)); }
  HD int64_t place(int r) const {
    const bool first = r < lag;  // spares most tiles the division
    const int row = first ? r : r % lag;
    return base + (first ? 0 : r / lag * stride) + (index ? index[first_row + row] : first_row + row);
  }

  // f(g) for every group of rows. What f does to one group must not depend on another group.
  template <class F> HD void each_group(F f) const {
    for (int g = 0; g < groups; g++) f(g);
  }
  // f(item) for items that are independent of each other: vectors of columns here, elements on CUDA.
  template <class F> HD void each(int columns_, F f) const {
    for (int k = 0; k < columns_ * groups; k++) f(k);
  }
  HD N& at(int c, int g) const { return column(c)[g]; }
  HD Numbers numbers() const { return {scalars(0), rows}; }
  static constexpr int cell_floats = Numbers::cell_floats;
  template <class W> HD Scalar<W> sum_of_cells(float* scratch, int64_t k) const {
    return sum_of_lanes(reinterpret_cast<W*>(scratch)[k]);
  }
  // f(first, end) for shares of the rows that exist; here one.
  template <class F> HD void each_share(F f) const { f(0, live); }
  template <class F> HD void spread(int n, F f) const {
    for (int i = 0; i < n; i++) f(i);
  }

  // Number in the batch of each row of a group.
  HD Uint<N> row(int g) const { return lane_numbers() + uint32_t(first_row + g * lanes<N>); }
  static HD Uint<N> lane_numbers() {
    Uint<N> lane{};
    if constexpr (is_vector<N>) { UNROLL for (int i = 0; i < lanes<N>; i++) lane[i] = i; }
    return lane;
  }
  // 1 for rows that exist, 0 for those that fill up the tile.
  HD N alive(int g) const {
    const Int<N> number = Int<N>(lane_numbers() + uint32_t(g * lanes<N>));
    return choose(number < live, splat<N>(1), splat<N>(0));
  }

  // 1 for the rows of the first step, 0 for those that go on from another row of the tile.
  HD N first_step(int g) const {
    const Int<N> number = Int<N>(lane_numbers() + uint32_t(g * lanes<N>));
    return choose(number < lag, splat<N>(1), splat<N>(0));
  }
  // A column as the rows `distance` further down see it (further up where it is negative), for the rows of a group; 0 beyond the ends of the tile.
  HD N shifted(int c, int distance, int g) const {
    const int from = g * lanes<N> - distance;
    N v = splat<N>(0);
    if (from >= 0 && from + lanes<N> <= rows)
      memcpy(&v, scalars(c) + from, sizeof v);
    else if (from > -lanes<N> && from < rows)
      for (int i = 0; i < lanes<N>; i++)
        if (from + i >= 0 && from + i < rows) reinterpret_cast<float*>(&v)[i] = scalars(c)[from + i];
    return v;
  }
  // A round of a scan over n columns, all rows at once: x[r] += a[r] x[r - distance], then a[r] *= a[r - distance]. In place: the rows
  // that are read are written later.
  HD void scan_round(int x, int a, int n, int distance) const {
    for (int k = 0; k < n; k++)
      for (int i = 0; i < groups; i++) {
        const int g = distance > 0 ? groups - 1 - i : i;
        const N factor = at(a + k, g);
        at(x + k, g) += factor * shifted(x + k, distance, g);
        at(a + k, g) = factor * shifted(a + k, distance, g);
      }
  }

  // One number per row of the batch, for the rows of a group.
  HD N of_batch(const float* x, int g) const {
    N v = splat<N>(0);
    const int r = g * lanes<N>;
    if (!index && lag == rows && r + lanes<N> <= live)
      memcpy(&v, x + base + first_row + r, sizeof v);
    else
      for (int i = 0; i < lanes<N> && r + i < live; i++) reinterpret_cast<float*>(&v)[i] = x[place(r + i)];
    return v;
  }

  // Number k of `width` per row.
  HD N of_batch(const float* x, int g, int width, int k) const {
    N v = splat<N>(0);
    for (int i = 0, r = g * lanes<N>; i < lanes<N> && r + i < live; i++) lane(v, i) = x[place(r + i) * width + k];
    return v;
  }
  HD void to_batch(float* x, int g, N v) const {
    for (int i = 0, r = g * lanes<N>; i < lanes<N> && r + i < live; i++) x[place(r + i)] = lane(v, i);
  }

  // 1 where the flag of a row is set, otherwise 0.
  HD N flag(const uint8_t* x, int g) const {
    N v = splat<N>(0);
    const int r = g * lanes<N>;
    for (int i = 0; i < lanes<N> && r + i < live; i++) reinterpret_cast<float*>(&v)[i] = x[place(r + i)] ? 1.0f : 0.0f;
    return v;
  }

  // Adds the sum over the rows of a column.
  HD void add_sum(int c, float* sum) const {
    N total = at(c, 0);
    for (int g = 1; g < groups; g++) total += at(c, g);
    *sum += sum_of_lanes(total);
  }

  // Row-major memory to columns and back.
  HD void load(int c, int n, const float* source) const {
    if (live < rows) memset(column(c), 0, sizeof(float) * rows * n);
    for (int r = 0; r < live; r++) {
      const float* from = source + place(r) * n;
      for (int k = 0; k < n; k++) scalars(c)[k * rows + r] = from[k];
    }
  }
  HD void store(int c, int n, float* target) const {
    if (n == 1 && !index && lag == rows) {
      memcpy(target + base + first_row, scalars(c), sizeof(float) * live);
      return;
    }
    for (int r = 0; r < live; r++) {
      float* to = target + place(r) * n;
      for (int k = 0; k < n; k++) to[k] = scalars(c)[k * rows + r];
    }
  }
  HD void store_index(int c, int n, int32_t* target) const {
    for (int r = 0; r < live; r++)
      for (int k = 0; k < n; k++) target[place(r) * n + k] = int32_t(scalars(c)[k * rows + r]);
  }

  // Logit k of each row of a group where the mask allows it, otherwise -infinity.
  HD N masked(const uint8_t* mask, int n, int k, int g, N logit) const {
    if (!mask) return logit;
    for (int i = 0; i < lanes<N>; i++) {
      const int r = g * lanes<N> + i;
      if (r < live && !mask[place(r) * n + k]) reinterpret_cast<float*>(&logit)[i] = -__builtin_huge_valf();
    }
    return logit;
  }
};

}  // namespace torsor::TORSOR_ISA
