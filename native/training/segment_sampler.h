// Draws segments of a rollout by the size of their advantages, and corrects for it: see math/priority.h.
#pragma once
#include "device/buffer.h"
#include "device/training.h"

namespace torsor {

// Rollouts of `steps` steps in so many environments, cut into segments of `length` steps; columns have `burn_in` steps before the first.
struct SegmentShape {
  int steps, environments, length, burn_in;

  int segments() const { return steps / length * environments; }
  int64_t start() const { return int64_t(burn_in) * environments; }
  int64_t rows() const { return start() + int64_t(steps) * environments; }
};

class SegmentSampler {
 public:
  // Before all else, and again where the shape changes. At most `most` segments are drawn at once.
  void prepare(const SegmentShape&, int most);

  // Priorities, probabilities and weights of all segments, from the column of their advantages.
  void weigh(const float* advantage, const PriorityConfig&);
  // Noise of the draw with this number among those of one key and domain. Every segment has its own, whoever else is there.
  void wait(uint64_t seed, uint32_t stream, uint32_t domain, uint32_t number);
  // By what `weigh` and `wait` have left, without replacement; who counts most comes first.
  void draw(int count);
  // Where the segments are that `segment` names: see Drawn.
  void place(int count, bool step_by_step);
  // Writes weight (advantage - mean) scale for every step of these segments to `corrected`.
  void correct(int count, const float* advantage, const AdvantageMoments*);
  // The same for a minibatch that may stop an update, and then is found in `kept`.
  void correct(int count, const GradientIO&);

  const SegmentShape& shape() const { return shape_; }
  Array<double> priority;
  Array<float> probability, weight, waits;  // all [segments]
  Array<int32_t> segment, index;            // of those drawn
  Array<float> corrected;                   // a column
  // See KeptDraw.
  Array<int32_t> kept_segment;
  Array<float> kept_weight, kept_advantage, kept_target, kept_value;

 private:
  Drawn drawn(int count, bool step_by_step) const;
  Drawn corrected_by(int count, const float* advantage, const AdvantageMoments*) const;

  SegmentShape shape_{};
  Array<double> total_;
  Array<uint64_t> keys_;
};

}  // namespace torsor
