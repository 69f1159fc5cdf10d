// native/device/cuda/mma.h in software, for kernels compiled by the host's compiler: the same operands in the same lanes. Where a block has one
// thread, that thread is all lanes of its warp; otherwise the lanes tell each other their operands.
#pragma once
#include <cstdint>
#include <cstring>

namespace torsor::TORSOR_ISA {

inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}
inline float number_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}
inline bool finite_bits(uint32_t bits) { return (bits >> 23 & 0xff) != 0xff; }

// To nearest with 10 bits behind the leading one, halves away from zero.
struct Tf32 {
  static constexpr int depth = 8, packed = 1;
  static uint32_t rounded(float x) {
    const uint32_t bits = bits_of(x);
    return finite_bits(bits) ? (bits + 0x1000) & ~0x1fffu : bits;
  }
  template <class F> static uint32_t round(F f) { return rounded(f(0)); }
  static float number(uint32_t bits, int) { return number_of(bits); }
};

// To nearest with 7 bits behind the leading one, halves to even.
struct Bf16 {
  static constexpr int depth = 16, packed = 2;
  static uint32_t rounded(float x) {
    const uint32_t bits = bits_of(x);
    if (finite_bits(bits)) return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return bits >> 16 | (bits << 9 ? 0x40 : 0);  // a NaN stays one
  }
  template <class F> static uint32_t round(F f) {
    const uint32_t low = rounded(f(0));
    return low | rounded(f(1)) << 16;
  }
  static float number(uint32_t bits, int part) { return number_of(part ? bits & 0xffff0000u : bits << 16); }
};

template <class P, int Tiles> class WarpSums {
 public:
  template <class Left, class Right> void add(Left left, Right right) {
    uint32_t l[lanes][Tiles][4], r[lanes][2];
    for_own([&](int lane, int own) {
      for (int tile = 0; tile < Tiles; tile++)
        for (int i = 0; i < 4; i++) l[own][tile][i] = left(lane, tile, i);
      for (int i = 0; i < 2; i++) r[own][i] = right(lane, i);
    });
    // Sum i of a lane stands in row lane / 4 + i / 2 * 8 and column lane % 4 * 2 + i % 2. Input k of a row is with lane k / packed % 4 of the four
    // that have the row, in the upper half of their registers where k / packed > 3; likewise for a column.
    for (int tile = 0; tile < Tiles; tile++)
      for (int i = 0; i < 4; i++)
        for (int k = 0; k < P::depth; k++) {
          const int at = k / P::packed;
          for_own([&](int lane, int own) {
            const int row = lane / 4, column = lane % 4 * 2 + i % 2;
            const uint32_t a = of_lane(l, row * 4 + at % 4, [&](const auto& x) { return x[tile][at / 4 * 2 + i / 2]; }),
                           b = of_lane(r, column * 4 + at % 4, [&](const auto& x) { return x[at / 4]; });
            sum_[own][tile][i] += P::number(a, k % P::packed) * P::number(b, k % P::packed);
          });
        }
  }
  template <class F> void each(F f) const {
    for_own([&](int lane, int own) {
      for (int tile = 0; tile < Tiles; tile++)
        for (int i = 0; i < 4; i++) f(lane, tile, i, sum_[own][tile][i]);
    });
  }

 private:
#ifdef TORSOR_MANY_THREADS
  static constexpr int lanes = 1;
  template <class F> static void for_own(F f) { f(int(threadIdx.x) % 32, 0); }
  template <class Operands, class Register> static uint32_t of_lane(const Operands& own, int lane, Register part) {
    return __shfl_sync(~0u, part(own[0]), lane);
  }
#else
  static constexpr int lanes = 32;
  template <class F> static void for_own(F f) {
    for (int lane = 0; lane < lanes; lane++) f(lane, lane);
  }
  template <class Operands, class Register> static uint32_t of_lane(const Operands& all, int lane, Register part) {
    return part(all[lane]);
  }
#endif

  float sum_[lanes][Tiles][4] = {};
};

}  // namespace torsor::TORSOR_ISA
