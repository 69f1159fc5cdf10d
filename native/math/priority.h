// Prioritised sampling of segments of a rollout, as in PufferLib and JaxDEM after prioritised experience replay (Schaul et al. 2016): the
// larger the advantages of a segment, the likelier it is drawn, and the smaller its weight in the loss.
#pragma once
#include "philox.h"
#include "ratio.h"

namespace torsor {

struct PriorityConfig {
  float alpha;  // priorities are sums of |advantage| to this power; 0: all are equal
  float beta;   // of the correction for being drawn unequally often; 1: in full, 0: none
};

}  // namespace torsor

namespace torsor::TORSOR_ISA {

constexpr double priority_floor = 1e-6;  // the reference's: what a segment without advantages is drawn by

HD double power(double x, double exponent) { return exponent == 0 ? 1 : ratio_exp(exponent * ratio_log(x)); }

// Of a segment whose absolute advantages add up to `sum`; 0 where that is not finite.
HD double priority_of(double sum, const PriorityConfig& c) {
  const double smallest = 2.3e-308;  // what the logarithm takes
  if (c.alpha == 0) return 1;
  return sum >= smallest && sum - sum == 0 ? power(sum, c.alpha) : 0;
}

// `total` is the sum of all priorities. These add up to slightly more than 1, and are all 1 where no segment has advantages.
HD double probability_of(double priority, double total) {
  return (priority + priority_floor) / (total + priority_floor);
}

HD double importance_weight(double probability, int segments, const PriorityConfig& c) {
  return power(segments * probability, -double(c.beta));
}

// Draw `draw` of the permutations and draws of one key and `domain`: how long segment k waits before its priority counts, Exponential(1).
HD float exponential_wait(uint32_t k, uint64_t seed, uint32_t stream, uint32_t domain, uint32_t draw) {
  const PhiloxBlock<float> block =
      philox<float>({{k, 0x53656700u + draw, domain, stream}}, seed);  // "Seg": apart from all other noise
  return float(-ratio_log((block.word[0] + 0.5) * 0x1p-32));
}

// Whoever arrives first is drawn first: without replacement, each time with a probability proportional to priority plus floor among those that
// are left. The same as the largest ln P - ln(wait), of which the second term is Gumbel noise. The number of the segment decides ties.
HD uint64_t arrival(uint32_t k, float wait, double priority) {
  const float time = float(wait / (priority + priority_floor));
  return uint64_t(bit_cast<uint32_t>(time)) << 32 | k;
}

// An advantage as the loss takes it.
HD float corrected_advantage(float advantage, float mean, float scale, float weight) {
  return weight * ((advantage - mean) * scale);
}

}  // namespace torsor::TORSOR_ISA
