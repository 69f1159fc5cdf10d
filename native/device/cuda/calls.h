// The kernel table's functions on CUDA, each beside its kernels in a *.cu file; kernels.cc puts them together. See device/kernels.h.
#pragma once
#include <cuda_runtime.h>

#include "device/kernels.h"

namespace torsor::calls {

void act(const Program&, const StepIO&, int first, int rows, float*);
void forward(const Program&, const ForwardIO&, int first, int rows, float*);
void evaluate(const Program&, const EvaluateIO&, int first, int rows, float*);
void gradient(const Program&, const GradientIO&, int first, int rows, float*, float* accumulators);
void collect(const Program&, float* const* accumulators, int count, float* gradient, double* metrics);
void advantage(const AdvantageIO&, const AdvantageConfig&, int first_environment, int environments);
void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count, const AdamConfig&);
double sum_of_squares(const float*, int64_t count);
void scale(float*, int64_t count, float factor);
void multiply(const float* a, const float* b, float* c, int rows, int inner, int columns, float alpha, float beta);
void permute(uint32_t n, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t first, int count, int32_t* index);

// Whether the kernels of this build run on the GPU.
cudaError_t loadable();

}  // namespace torsor::calls
