// The CUDA tile and the CUDA linear, compiled by the host's compiler as a block of one thread: their indexing is tested without a GPU.
// What it cannot show is a missing barrier: with one thread every order is the right one.
#include <algorithm>
#include <cmath>
#define __CUDACC__
#define __host__
#define __device__
#define __forceinline__ inline
#define TORSOR_ISA on_host
static const struct {
  int x = 0;
} threadIdx;
static const struct {
  int x = 1;
} blockDim;
static void __syncthreads() {}
template <class T> static T __ldg(const T* p) { return *p; }
struct alignas(16) float4 {
  float x, y, z, w;
};
using std::min;
#include "device/cuda/gradient.h"
#include "on_host.h"

namespace torsor::on_host {

template <int Rows, class F> static void each_block(int rows, float* columns, const int32_t* index, F f) {
  for (int first = 0; first < rows; first += Rows) f(Tile<Rows>{columns, first, min(Rows, rows - first), index});
}

template <class F> static void each_tile(int rows, bool small, float* columns, const int32_t* index, F f) {
  if (small)
    each_block<small_rows>(rows, columns, index, f);
  else
    each_block<tile_rows>(rows, columns, index, f);
}

static float* scratch(const Program& p, float* columns) { return columns + int64_t(p.columns) * tile_rows; }

void act(const Program& p, const StepIO& io, int rows, bool small, float* columns) {
  each_tile(rows, small, columns, nullptr, [&](const auto& t) { run_act(t, p, io, scratch(p, columns)); });
}

void evaluate(const Program& p, const EvaluateIO& io, int rows, bool small, float* columns) {
  each_tile(rows, small, columns, nullptr, [&](const auto& t) { run_evaluate(t, p, io, scratch(p, columns)); });
}

void gradient(const Program& p, const GradientIO& io, int rows, bool small, float* columns, float* accumulators) {
  const Memory m{io.parameters, nullptr, nullptr, accumulators, scratch(p, columns)};
  each_tile(rows, small, columns, io.index, [&](const auto& t) { gradient_of_tile(t, 1, p, io, m); });
}

void gradient_of_sequence(const Program& p, const GradientIO& io, int rows, float* memory, float* accumulators) {
  Memory m{io.parameters, nullptr, nullptr, accumulators, nullptr};
  m.done = io.sequence.done;
  gradient_of_tile(Tile<tile_rows>{memory, 0, rows, io.index}, steps_of_tile(p, io.sequence, rows), p, io, m);
}

}  // namespace torsor::on_host
