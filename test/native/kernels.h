// The kernels of native/device/cuda as their own sources define them, and what they need of memory: see sizes.cu.
#pragma once
#include "device/cuda/place.h"
#include "device/kernels.h"

namespace torsor::device {

template <int Rows> void policy_step(const Program, const StepIO, const Sequence, const Place, int first, int rows);
void outputs(const Program, const ForwardIO, const Place, int first, int rows);
void evaluate(const Program, const EvaluateIO, const Place, int first, int rows);
void gradient(const Program, const GradientIO, const Place, float* sets, int first, int rows);
void add_sets(const float* sets, int count, int size, float* sum);
void collect(const Program, const float* accumulators, bool add, float* gradient);

void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count, const AdamConfig);
void advantage(const AdvantageIO, const AdvantageConfig, int first, int environments);
void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count, int32_t* index);
void squares(const float* x, int64_t count, int parts, double* sums);
void scale(float* x, int64_t count, float factor);
void multiply(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha, float beta);

// Floats of Memory::scratch of a block whose tiles have so many rows; of the columns of a gradient's tile with `live` rows.
int64_t floats_of_scratch(const Program&, int rows_of_tile);
int64_t floats_of_gradient(const Program&, const Sequence&, int live);

}  // namespace torsor::device
