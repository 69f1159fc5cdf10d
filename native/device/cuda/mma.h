// The instruction of tensor cores: a warp adds the product of a 16 x depth and a depth x 8 matrix to 16 x 8 sums in float32. Which elements a
// lane holds: the PTX ISA, "Matrix fragments for mma.m16n8k8" (of .tf32) and "... m16n8k16" (of .bf16).
#pragma once
#include <cstdint>

namespace torsor::TORSOR_ISA {

// `depth` inputs an instruction, `packed` numbers in a register of an operand; round(f) is a register of f(0) ... f(packed - 1), each to nearest.
struct Tf32 {
  static constexpr int depth = 8, packed = 1;
  template <class F> static __device__ __forceinline__ uint32_t round(F f) {
    uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(f(0)));
    return bits;
  }
  static __device__ __forceinline__ void multiply(float* sum, const uint32_t* left, const uint32_t* right) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
  }
};

struct Bf16 {
  static constexpr int depth = 16, packed = 2;
  template <class F> static __device__ __forceinline__ uint32_t round(F f) {
    uint32_t bits;  // f(0) in the lower half
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(f(1)), "f"(f(0)));
    return bits;
  }
  static __device__ __forceinline__ void multiply(float* sum, const uint32_t* left, const uint32_t* right) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, "
        "%2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
  }
};

// What a thread holds of `Tiles` times 16 x 8 sums of its warp: those of one lane.
template <class P, int Tiles> class WarpSums {
 public:
  // left(lane, tile, i) is register i of a lane's left operand, right(lane, i) that of the right one.
  template <class Left, class Right> __device__ __forceinline__ void add(Left left, Right right) {
    const int lane = threadIdx.x % 32;
    const uint32_t r[2] = {right(lane, 0), right(lane, 1)};
    UNROLL for (int tile = 0; tile < Tiles; tile++) {
      const uint32_t l[4] = {left(lane, tile, 0), left(lane, tile, 1), left(lane, tile, 2), left(lane, tile, 3)};
      P::multiply(sum_[tile], l, r);
    }
  }
  // f(lane, tile, i, sum i)
  template <class F> __device__ __forceinline__ void each(F f) const {
    UNROLL for (int tile = 0; tile < Tiles; tile++) UNROLL for (int i = 0; i < 4; i++)
        f(int(threadIdx.x % 32), tile, i, sum_[tile][i]);
  }

 private:
  float sum_[Tiles][4] = {};
};

}  // namespace torsor::TORSOR_ISA
