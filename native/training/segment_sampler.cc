// See segment_sampler.h.
#include "training/segment_sampler.h"

#include <initializer_list>

#include "device/kernels.h"

namespace torsor {

void SegmentSampler::prepare(const SegmentShape& shape, int most) {
  shape_ = shape;
  const int64_t segments = shape.segments();
  if (priority.size() < segments) {
    priority = Array<double>(segments);
    for (Array<float>* array : {&probability, &weight, &waits}) *array = Array<float>(segments);
    total_ = Array<double>(1);
    keys_ = Array<uint64_t>(segments);
  }
  if (segment.size() != most) {
    segment = Array<int32_t>(most);
    kept_segment = Array<int32_t>(most);
    kept_weight = Array<float>(most);
  }
  if (index.size() < int64_t(most) * shape.length) index = Array<int32_t>(int64_t(most) * shape.length);
  for (Array<float>* kept : {&kept_advantage, &kept_target, &kept_value})
    if (kept->size() < int64_t(most) * shape.length) *kept = Array<float>(int64_t(most) * shape.length);
  if (corrected.size() < shape.rows()) corrected = Array<float>(shape.rows());
}

constexpr int block_segments = 1024;

void SegmentSampler::weigh(const float* advantage, const PriorityConfig& config) {
  const Priorities p{advantage + shape_.start(),
                     shape_.segments(),
                     shape_.length,
                     shape_.environments,
                     config,
                     priority.data(),
                     total_.data(),
                     probability.data(),
                     weight.data()};
  each_call(p.segments, block_segments, [&](int first, int count) { training_kernels().priorities(p, first, count); });
  training_kernels().total_priority(p);
  each_call(p.segments, block_segments, [&](int first, int count) { training_kernels().weights(p, first, count); });
}

void SegmentSampler::wait(uint64_t seed, uint32_t stream, uint32_t domain, uint32_t number) {
  Draw d{};
  d.wait = waits.data();
  d.segments = shape_.segments();
  d.seed = seed;
  d.stream = stream;
  d.domain = domain;
  d.number = number;
  each_call(d.segments, block_segments, [&](int first, int count) { training_kernels().waits(d, first, count); });
}

void SegmentSampler::draw(int count) {
  Draw d{};
  d.priority = priority.data();
  d.wait = waits.data();
  d.keys = keys_.data();
  d.segments = shape_.segments();
  d.count = count;
  d.segment = segment.data();
  training_kernels().draw(d);
}

Drawn SegmentSampler::drawn(int count, bool step_by_step) const {
  Drawn d{};
  d.segment = segment.data();
  d.count = count;
  d.length = shape_.length;
  d.environments = shape_.environments;
  d.burn_in = shape_.burn_in;
  d.step_by_step = step_by_step;
  d.index = index.data();
  return d;
}

void SegmentSampler::place(int count, bool step_by_step) { training_kernels().places(drawn(count, step_by_step)); }

Drawn SegmentSampler::corrected_by(int count, const float* advantage, const AdvantageMoments* moments) const {
  Drawn d = drawn(count, false);
  d.advantage = advantage;
  d.weight = weight.data();
  d.moments = moments;
  d.corrected = corrected.data();
  return d;
}

void SegmentSampler::correct(int count, const float* advantage, const AdvantageMoments* moments) {
  training_kernels().correct(corrected_by(count, advantage, moments));
}

void SegmentSampler::correct(int count, const GradientIO& io) {
  Drawn d = corrected_by(count, io.advantage, io.moments);
  d.gate = io.gate;
  d.target = io.target;
  d.value = io.old_value;
  d.kept = {kept_segment.data(), kept_weight.data(), kept_advantage.data(), kept_target.data(), kept_value.data()};
  training_kernels().correct(d);
}

}  // namespace torsor
