// The kernels of training: what goes over time, environments, minibatches and parameters, as a table like that of kernels.h.
#pragma once
#include "math/adam.h"
#include "math/advantage.h"
#include "math/muon.h"
#include "math/ppo_update.h"
#include "math/priority.h"
#include "math/running_moments.h"
#include "program/instruction.h"

namespace torsor {

// Columns [steps][environments] of a rollout, for the advantages.
struct AdvantageIO {
  const float *reward, *value, *ratio;  // ratio may be null: all 1
  const uint8_t *terminated, *truncated;
  const float* final_value;      // [steps][environments], read where truncated
  const float* last_value;       // [environments]
  const RewardScaling* scaling;  // where the configuration says so
  float *advantage, *target;
  int steps, environments;
};

// The end of a step, for [environments]: `done` is set where the episode ended either way, and its carry is cleared.
struct StepEnd {
  const uint8_t *terminated, *truncated;
  uint8_t* done;
  float* carry;  // [environments][carry_width]
  int64_t carry_width;
};

// The segments of a rollout [time][environments] in the order of a permutation of their numbers.
struct Shuffle {
  uint32_t segments;
  uint64_t seed;
  uint32_t stream, domain;
  int length, environments;  // steps of a segment
  int32_t *segment, *index;  // [segments]: number of each, and the row of its first step
};

// Rewards [steps][environments] of a rollout, see math/drip.h.
struct Drip {
  float* reward;  // in place
  const uint8_t *terminated, *truncated;
  int steps, environments;
  float decay;
};

// How the segments of a rollout [time][environments] are drawn, see math/priority.h.
struct Priorities {
  const float* advantage;  // from the first step on
  int segments, length, environments;
  PriorityConfig config;
  double *priority, *total;     // [segments], one
  float *probability, *weight;  // [segments]
};

// A draw of `count` out of so many segments.
struct Draw {
  const double* priority;
  float* wait;     // [segments]
  uint64_t* keys;  // [segments], scratch
  int segments, count;
  uint64_t seed;
  uint32_t stream, domain, number;
  int32_t* segment;  // [count]
};

// What a minibatch of drawn segments was made of, of which the next one changes everything: [segments drawn], and [segments drawn][steps].
struct KeptDraw {
  int32_t* segment;
  float *weight, *advantage, *target, *value;  // advantage: as it was corrected
};

// Segments drawn, and where their steps are in the columns of a rollout, whose first `burn_in` rows of all environments are those before it.
struct Drawn {
  const int32_t* segment;
  int count, length, environments, burn_in;
  bool step_by_step;  // whether `index` has an entry for every step, or one for the first of the segment's burn-in
  int32_t* index;     // [count] or [count][length]
  // For corrected advantages.
  const float *advantage, *weight;  // a column, and [segments]
  const AdvantageMoments* moments;
  float* corrected;  // a column
  // Those of the minibatch that stops an update outlive it: nothing is kept once the gate is closed. A null gate: never.
  const UpdateGate* gate = nullptr;
  const float *target = nullptr, *value = nullptr;
  KeptDraw kept{};
};

// Observations [rows][width].
struct ObservationRows {
  const float* observation;
  int rows, width;
};

// Statistics of `n` columns from `column` on, at an offset in the arena; see math/running_moments.h.
struct StatisticsPlace {
  int offset, column, n;
};

// Discounted returns [environments] since the start of an episode, over the rewards [steps][environments] of a rollout.
struct DiscountedReturns {
  const float* reward;
  const uint8_t* done;
  double* returns;  // before the rollout, and after it
  int steps, environments;
  float gamma;
};

struct TrainingKernels {
  void (*end_step)(const StepEnd&, int first_environment, int environments);
  void (*advantage)(const AdvantageIO&, const AdvantageConfig&, int first_environment, int environments);
  // 1 - Var(target - value) / Var(target); 0 where the target is constant.
  void (*explained_variance)(const float* target, const float* value, int64_t count, double* result);

  void (*drip)(const Drip&, int first_environment, int environments);

  // Places first ... first + count - 1.
  void (*shuffle)(const Shuffle&, int first, int count);
  // Of the advantages of a minibatch of `rows` sequences, without their burn-in; `sample`: see degrees_of_freedom.
  void (*moments)(const GradientIO&, int rows, bool sample, AdvantageMoments*);

  // Prioritised sampling. Priorities of segments first ... first + count - 1; their sum; probabilities and weights.
  void (*priorities)(const Priorities&, int first, int count);
  void (*total_priority)(const Priorities&);
  void (*weights)(const Priorities&, int first, int count);
  // The noise of segments first ... first + count - 1; who is drawn, in order; where they are; what their advantages count.
  void (*waits)(const Draw&, int first, int count);
  void (*draw)(const Draw&);
  void (*places)(const Drawn&);
  void (*correct)(const Drawn&);
  void (*fill)(float* x, int64_t count, float value);

  // See math/ppo_update.h. `gradients` are those of the minibatch whose sums of loss terms stand in `update`.
  void (*end_minibatch)(const float* gradients, int64_t count, const PpoLimits&, PpoUpdate* update);
  void (*end_epoch)(int minibatches, float target_kl, PpoUpdate* update);

  // [2][width]: sums over rows first ... first + count - 1 of the distances of each column from its number in row 0, and of their squares.
  void (*sum_distances)(const ObservationRows&, int first, int count, double* sums);
  // Merges the moments that `count` such sums, of all rows together, give into running ones, and leaves them alone where `update` says that
  // a minibatch was not finite. A column whose moments are not finite keeps those it has.
  void (*merge_statistics)(const ObservationRows&, const double* sums, int count, const StatisticsPlace&, float* arena,
                           const PpoUpdate* update);

  // `sums` is [environments][2]: of the returns after every step, less the mean so far, and of their squares.
  void (*discount)(const DiscountedReturns&, const RewardScaling*, int first_environment, int environments,
                   double* sums);
  void (*merge_returns)(const DiscountedReturns&, const double* sums, RewardScaling*);

  // Elements that a step would make NaN or infinite stay as they are, and the gate is told.
  void (*adam)(float* parameters, const float* gradients, float* first, float* second, int64_t count, const AdamConfig&,
               UpdateGate*);
  // The parts of Muon, see math/muon.h. Matrices are row-major.
  void (*momentum)(const float* gradients, float* first, float* direction, const MuonMatrix&, UpdateGate*);
  void (*normalize)(float* x, int64_t count);  // to length 1
  void (*transpose)(const float* x, float* transposed, int rows, int columns);
  // c[rows][columns] = alpha a[rows][inner] b[inner][columns] + beta d; with beta 0 d may be null.
  void (*multiply)(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns,
                   float alpha, float beta);
  void (*follow)(float* parameters, const float* direction, const MuonMatrix&, UpdateGate*);
};

const TrainingKernels& training_kernels();

}  // namespace torsor
