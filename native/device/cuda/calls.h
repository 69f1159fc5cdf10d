// The functions of the kernel tables on CUDA, each beside its kernels in a *.cu file; kernels.cc puts them together. See device/kernels.h.
#pragma once
#include <cuda_runtime.h>

#include "device/kernels.h"
#include "device/training.h"

namespace torsor::calls {

void act(const Program&, const StepIO&, int first, int rows, float*);
void forward(const Program&, const ForwardIO&, int first, int rows, float*);
void evaluate(const Program&, const EvaluateIO&, int first, int rows, float*);
void gradient(const Program&, const GradientIO&, int first, int rows, float*, float* accumulators);
void collect(const Program&, float* const* accumulators, int count, bool add, float* gradient, double* metrics);

// See device/training.h.
void end_step(const StepEnd&, int first_environment, int environments);
void advantage(const AdvantageIO&, const AdvantageConfig&, int first_environment, int environments);
void explained_variance(const float* target, const float* value, int64_t count, double* result);
void drip(const Drip&, int first_environment, int environments);
void shuffle(const Shuffle&, int first, int count);
void moments(const GradientIO&, int rows, bool sample, AdvantageMoments*);
void priorities(const Priorities&, int first, int count);
void total_priority(const Priorities&);
void weights(const Priorities&, int first, int count);
void waits(const Draw&, int first, int count);
void draw(const Draw&);
void places(const Drawn&);
void correct(const Drawn&);
void fill(float*, int64_t count, float value);
void end_minibatch(const float* gradients, int64_t count, const PpoLimits&, PpoUpdate*);
void end_epoch(int minibatches, float target_kl, PpoUpdate*);
void sum_distances(const ObservationRows&, int first, int count, double* sums);
void merge_statistics(const ObservationRows&, const double* sums, int count, const StatisticsPlace&, float* arena,
                      const PpoUpdate*);
void discount(const DiscountedReturns&, const RewardScaling*, int first_environment, int environments, double* sums);
void merge_returns(const DiscountedReturns&, const double* sums, RewardScaling*);
void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count, const AdamConfig&,
          UpdateGate*);
void momentum(const float* gradients, float* first, float* direction, const MuonMatrix&, UpdateGate*);
void normalize(float*, int64_t count);
void transpose(const float*, float* transposed, int rows, int columns);
void multiply(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns, float alpha,
              float beta);
void follow(float* parameters, const float* direction, const MuonMatrix&, UpdateGate*);

// Whether the kernels of this build run on the GPU.
cudaError_t loadable();

}  // namespace torsor::calls
