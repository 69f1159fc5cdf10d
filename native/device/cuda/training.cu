// Training on CUDA between the passes of the model: ends of steps, advantages, minibatches, and where an update stands.
#include "device/training.h"

#include "device/cuda/calls.h"
#include "device/cuda/reduce.h"
#include "math/drip.h"

namespace torsor::TORSOR_ISA {

__global__ void end_step(const StepEnd s, int first, int count) {
  each(count, [&](int64_t k) {
    const int64_t e = first + k;
    s.done[e] = s.terminated[e] || s.truncated[e];
  });
}

__global__ void clear_carry(const StepEnd s, int first, int count) {
  each(count * s.carry_width, [&](int64_t k) {
    const int64_t e = first + k / s.carry_width;
    if (s.terminated[e] || s.truncated[e]) s.carry[first * s.carry_width + k] = 0;
  });
}

// One thread per environment, backwards in time; neighbouring threads read neighbouring environments.
__global__ void advantage(const AdvantageIO io, const AdvantageConfig config, int first, int environments) {
  each(environments, [&](int64_t k) {
    const int64_t environment = first + k;
    float advantage = 0, next = io.last_value[environment];
    for (int t = io.steps - 1; t >= 0; t--) {
      const int64_t at = int64_t(t) * io.environments + environment;
      const bool terminated = io.terminated[at], truncated = io.truncated[at];
      const float following = terminated ? 0 : truncated ? io.final_value[at] : next;
      const float reward = config.running_scale ? scaled_reward(io.reward[at], io.scaling->factor) : io.reward[at];
      advantage_step(reward, io.value[at], following, io.ratio ? io.ratio[at] : 1.0f,
                     terminated || truncated ? 0.0f : 1.0f, config, advantage);
      io.advantage[at] = advantage;
      io.target[at] = advantage + io.value[at];
      next = io.value[at];
    }
  });
}

__global__ void drip(const Drip d, int first, int environments) {
  each(environments, [&](int64_t k) {
    float next = 0;
    for (int t = d.steps - 1; t >= 0; t--) {
      const int64_t at = int64_t(t) * d.environments + first + k;
      next = d.reward[at] = drip_step(d.reward[at], next, d.terminated[at] || d.truncated[at] ? 0.0f : 1.0f, d.decay);
    }
  });
}

// Of the targets and of the errors: their sums, then those of the squares about their means.
struct Explained {
  double target = 0, error = 0;
  __device__ Explained& operator+=(const Explained& more) {
    target += more.target;
    error += more.error;
    return *this;
  }
};

struct ExplainedOf {
  const float *target, *value;
  __device__ Explained operator()(int64_t k) const { return {target[k], double(target[k]) - value[k]}; }
};

struct ExplainedMeans {
  double count;
  Explained* means;
  __device__ void operator()(const Explained& sum) const { *means = {sum.target / count, sum.error / count}; }
};

struct ExplainedAboutMeans {
  ExplainedOf of;
  const Explained* means;
  __device__ Explained operator()(int64_t k) const {
    const Explained x = of(k);
    const double target = x.target - means->target, error = x.error - means->error;
    return {target * target, error * error};
  }
};

struct ExplainedShare {
  double* result;
  __device__ void operator()(const Explained& sum) const { *result = sum.target > 0 ? 1 - sum.error / sum.target : 0; }
};

// Term k belongs to row k % rows of step burn_in + k / rows.
struct AdvantageOf {
  const float* advantage;
  const int32_t* index;
  int64_t stride;
  int burn_in, rows;
  __device__ double operator()(int64_t k) const {
    const int64_t row = k % rows;
    return advantage[(burn_in + k / rows) * stride + (index ? index[row] : row)];
  }
};

struct Mean {
  double count;
  double* mean;
  __device__ void operator()(double sum) const { *mean = sum / count; }
};

struct AdvantageAboutMean {
  AdvantageOf of;
  const double* mean;
  __device__ double operator()(int64_t k) const {
    const double x = of(k) - *mean;
    return x * x;
  }
};

struct Moments {
  double degrees_of_freedom;
  const double* mean;
  AdvantageMoments* result;
  __device__ void operator()(double squares) const { *result = moments_of(*mean, squares / degrees_of_freedom); }
};

struct EndOfMinibatch {
  PpoLimits limits;
  PpoUpdate* update;
  __device__ void operator()(double squares) const { end_of_minibatch(*update, squares, limits); }
};

__global__ void end_epoch(int minibatches, float target_kl, PpoUpdate* update) {
  each(1, [&](int64_t) { end_of_epoch(*update, minibatches, target_kl); });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

void end_step(const StepEnd& s, int first, int count) {
  Call call("the end of a step");
  launch_each("end_step", TORSOR_ISA::end_step, count, s, first, count);
  launch_each("clear_carry", TORSOR_ISA::clear_carry, count * s.carry_width, s, first, count);
  call.finish();
}

void advantage(const AdvantageIO& given, const AdvantageConfig& config, int first, int environments) {
  Call call("advantages");
  AdvantageIO io = given;
  call.reads(io.ratio, 0, int64_t(io.steps) * io.environments);  // the other arrays are a rollout's
  launch_each("advantage", TORSOR_ISA::advantage, environments, io, config, first, environments);
  call.finish();
}

void drip(const Drip& d, int first, int environments) {
  Call call("DRIP");
  launch_each("drip", TORSOR_ISA::drip, environments, d, first, environments);
  call.finish();
}

void explained_variance(const float* target, const float* value, int64_t count, double* result) {
  Call call("an explained variance");
  TORSOR_ISA::Explained* const means = call.scratch<TORSOR_ISA::Explained>(1);
  const TORSOR_ISA::ExplainedOf of{target, value};
  TORSOR_ISA::reduce<TORSOR_ISA::Explained>(call, count, of, TORSOR_ISA::ExplainedMeans{double(count), means});
  TORSOR_ISA::reduce<TORSOR_ISA::Explained>(call, count, TORSOR_ISA::ExplainedAboutMeans{of, means},
                                            TORSOR_ISA::ExplainedShare{result});
  call.finish();
}

void moments(const GradientIO& io, int rows, bool sample, AdvantageMoments* result) {
  Call call("moments of advantages");
  const Sequence& s = io.sequence;
  TORSOR_ISA::AdvantageOf of{io.advantage, io.index, s.stride, s.burn_in, rows};
  if (!io.index) call.reads(of.advantage, 0, s.steps == 1 ? rows : s.steps * s.stride);  // as in gradient.cu
  const int64_t count = int64_t(s.steps - s.burn_in) * rows;
  double* const mean = call.scratch<double>(1);
  TORSOR_ISA::reduce<double>(call, count, of, TORSOR_ISA::Mean{double(count), mean});
  TORSOR_ISA::reduce<double>(call, count, TORSOR_ISA::AdvantageAboutMean{of, mean},
                             TORSOR_ISA::Moments{TORSOR_ISA::degrees_of_freedom(double(count), sample), mean, result});
  call.finish();
}

void end_minibatch(const float* gradients, int64_t count, const PpoLimits& limits, PpoUpdate* update) {
  Call call("the end of a minibatch");
  call.reads(gradients, 0, count);
  TORSOR_ISA::reduce<double>(call, count, TORSOR_ISA::SquareOf{gradients}, TORSOR_ISA::EndOfMinibatch{limits, update});
  call.finish();
}

void end_epoch(int minibatches, float target_kl, PpoUpdate* update) {
  Call call("the end of an epoch");
  launch_each("end_epoch", TORSOR_ISA::end_epoch, 1, minibatches, target_kl, update);
  call.finish();
}

cudaError_t loadable() {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, TORSOR_ISA::end_epoch);
}

}  // namespace torsor::calls
