// The kernels of native/device/cuda as their own sources define them, and what they need of memory: see sizes.cu.
#pragma once
#include "device/cuda/place.h"
#include "device/kernels.h"
#include "device/training.h"

namespace torsor::device {

template <int Rows> void policy_step(const Program, const StepIO, const Sequence, const Place, int first, int rows);
void outputs(const Program, const ForwardIO, const Place, int first, int rows);
void evaluate(const Program, const EvaluateIO, const Place, int first, int rows);
void gradient(const Program, const GradientIO, const Place, float* sets, int first, int rows);
void add_sets(const float* sets, int count, int size, float* sum);
void collect(const Program, const float* accumulators, bool add, float* gradient, double* metrics);

void end_step(const StepEnd, int first, int count);
void clear_carry(const StepEnd, int first, int count);
void advantage(const AdvantageIO, const AdvantageConfig, int first, int environments);
void drip(const Drip, int first, int environments);
void shuffle(const Shuffle, int first, int count);
void priorities(const Priorities, int first, int count);
void weights(const Priorities, int first, int count);
void waits(const Draw, int first, int count);
void arrivals(const Draw);
void sort_parts(const uint64_t* keys, int count, uint64_t* sorted);
void take_first(const uint64_t* sorted, int count, int wanted, int32_t* segment);
void places(const Drawn);
void correct(const Drawn);
void fill(float* x, int64_t count, float value);
void distances_of_parts(const ObservationRows, int first, int count, int parts, double* sums);
void add_distances(const double* of_parts, int parts, int width, double* sums);
void merge_columns(const ObservationRows, const double* sums, int count, const StatisticsPlace, float* arena,
                   const PpoUpdate*);
void merge_counts(int rows, const StatisticsPlace, float* arena, const PpoUpdate*);
void discount(const DiscountedReturns, const RewardScaling*, int first, int environments, double* sums);
void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count, const AdamConfig,
          UpdateGate*);
void momentum(const float* gradients, float* first, float* direction, const MuonMatrix, UpdateGate*);
void transpose(const float* x, float* transposed, int rows, int columns);
void multiply(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns, float alpha,
              float beta);
void follow(float* parameters, const float* direction, const MuonMatrix, UpdateGate*);

// Floats of Memory::scratch of a block whose tiles have so many rows; of the columns of a gradient's tile with `live` rows.
int64_t floats_of_scratch(const Program&, int rows_of_tile);
int64_t floats_of_gradient(const Program&, const Sequence&, int live);

}  // namespace torsor::device
