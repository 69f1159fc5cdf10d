// What the minibatches of an update are made of; see ppo.h.
#include <algorithm>

#include "device/kernels.h"
#include "math/permutation.h"
#include "math/quadrature.h"
#include "training/ppo.h"

namespace torsor {

// What the metric of an entropy that takes a quadrature may cost where the loss has no entropy: a hundredth of an update of 16000 rows or so.
// Whole vectors of rows, so that it does not depend on their width.
static int entropy_rows(const Model& model, int steps) {
  constexpr int64_t points = 32768, together = 16;
  return int(std::max(together, points / (scalar::points_of(model.head().bijectors) * steps) / together * together));
}

template <class T> static void resize(Array<T>& array, int64_t size) {
  if (array.size() != size) array = Array<T>(size);
}

void PpoTrainer::allocate(const Rollout& rollout, const PpoUpdateConfig& config) {
  const int64_t rows = rollout.value.size();
  resize(accumulated_, config.update_accumulation > 1 ? model_.parameter_count() : 0);
  const bool exact_divergence = config.desired_kl > 0 && !model_.discrete();
  for (Array<float>& parameter : old_head_) resize(parameter, exact_divergence ? rows * model_.head().n : 0);
  const int64_t segments = config.drawn_segments ? 0 : rollout.size() / rollout.segment();
  for (Array<int32_t>* places : {&index_, &segment_}) resize(*places, segments);
  if (!config.drawn_segments) return;
  sampler.prepare({rollout.horizon(), rollout.environments(), config.segment, rollout.burn_in()},
                  config.drawn_segments);
  for (Array<float>* column : {&ratio, &new_value_}) resize(*column, rows);
  resize(order_, int64_t(config.order.size()));
  std::copy(config.order.begin(), config.order.end(), order_.data());
}

GradientIO PpoTrainer::arrays_of(const Rollout& rollout, const PpoUpdateConfig& config) const {
  GradientIO io{};
  io.parameters = parameters_.data();
  io.observation = rollout.observation.data();
  io.latent = rollout.latent.data();
  io.mask = rollout.masked ? rollout.mask.data() : nullptr;
  io.old_log_prob = rollout.log_prob.data();
  io.advantage = rollout.advantage.data();
  io.target = rollout.target.data();
  io.old_value = rollout.value.data();
  if (old_head_[0].size())
    for (int k = 0; k < 2; k++) io.old_head[k] = old_head_[k].data();
  if (config.drawn_segments) {
    io.new_value = new_value_.data();
    io.ratio = ratio.data();
  }
  io.exact_entropy = config.loss.entropy_coefficient != 0;
  io.entropy_rows = entropy_rows(model_, rollout.segment());
  io.ppo = config.loss;
  io.moments = &state_[0].moments;
  io.gate = &state_[0].gate;
  io.sequence.steps = rollout.burn_in() + rollout.segment();
  io.sequence.burn_in = rollout.burn_in();
  io.sequence.stride = rollout.environments();
  io.sequence.done = rollout.done.data();
  io.sequence.carry = model_.carry_width() ? rollout.carries.data() : nullptr;
  io.sequence.segment = config.checkpoint_steps;
  return io;
}

// The policy of the rollout is that before the update.
void PpoTrainer::keep_policy(const Rollout& rollout) {
  if (!old_head_[0].size()) return;
  ForwardIO io{};
  io.observation = rollout.observation.data();
  for (int k = 0; k < 2; k++) io.output[k] = old_head_[k].data();
  int rows = int(rollout.size());
  if (model_.carry_width()) {
    rows = rollout.environments();
    io.sequence.steps = rollout.burn_in() + rollout.horizon();
    io.sequence.stride = rows;
    io.sequence.done = rollout.done.data();
    io.sequence.carry = rollout.carries.data();  // of the first segments, which is that before all steps
  }
  const auto held = hold(!calls_are_deferred);
  each_call(rows, 4 * tile_rows, [&](int first, int count) {
    ForwardIO part = io;
    model_.forward_part(part, first, count);
  });
}

// What is shuffled: segments, which are single steps unless the model is recurrent.
void PpoTrainer::shuffle(const Rollout& rollout, int epoch, const Noise& key) {
  const int segments = int(rollout.size() / rollout.segment());
  const Shuffle order{
      uint32_t(segments),     key.seed,        key.stream,   uint32_t(key.counter) + uint32_t(epoch), rollout.segment(),
      rollout.environments(), segment_.data(), index_.data()};
  each_call(segments, 4096, [&](int first, int count) { training_kernels().shuffle(order, first, count); });
}

PpoTrainer::Minibatch PpoTrainer::part(const Rollout& rollout, int number, int minibatches) const {
  const int64_t segments = rollout.size() / rollout.segment();
  const int64_t first = segments * number / minibatches, end = segments * (number + 1) / minibatches;
  return {segment_.data() + first, index_.data() + first, int(end - first), 1};
}

// Steps of a model without a memory need no order: each is a row of its own.
PpoTrainer::Minibatch PpoTrainer::draw(const Rollout& rollout, const PpoUpdateConfig& config, int epoch, int number,
                                       const Noise& key) {
  const int count = config.drawn_segments;
  const bool step_by_step = model_.carry_width() == 0;
  sampler.weigh(rollout.advantage.data(), config.priority);
  if (order_.size()) {
    copy(sampler.segment.data(), order_.data() + (int64_t(epoch) * config.minibatches + number) * count, count);
  } else {
    sampler.wait(key.seed, key.stream, uint32_t(key.counter) + uint32_t(epoch), uint32_t(number));
    sampler.draw(count);
  }
  sampler.place(count, step_by_step);
  return {sampler.segment.data(), sampler.index.data(), count, step_by_step ? config.segment : 1};
}

// What later minibatches have changed where calls are deferred is had again, as it was: places are a function of the key, and draws are kept.
void PpoTrainer::keep_stopped(const Rollout& rollout, const PpoUpdateConfig& config, const Noise& key) {
  const PpoMetrics& total = state_[0].total;
  StoppedMinibatch& m = stopped_minibatch;
  if (config.drawn_segments) {
    const int count = config.drawn_segments, steps = config.segment;
    const int32_t* const segment = sampler.kept_segment.data();
    std::vector<int32_t> row;
    for (int k = 0; k < count; k++) row.push_back(scalar::first_row(segment[k], steps, rollout.environments()));
    m = stopped_minibatch_of(rollout, segment, row.data(), count, steps);
    m.weight.assign(sampler.kept_weight.data(), sampler.kept_weight.data() + count);
    for (int k = 0; k < count; k++)
      for (int step = 0; step < steps; step++) {
        const int64_t from = int64_t(k) * steps + step;
        const size_t to = size_t(int64_t(m.burn_in + step) * count + k);
        m.advantage[to] = sampler.kept_advantage[from];
        m.target[to] = sampler.kept_target[from];
        m.value[to] = sampler.kept_value[from];
      }
    return;
  }
  shuffle(rollout, total.epochs - 1, key);
  const Minibatch minibatch = part(rollout, (total.minibatches - 1) % config.minibatches, config.minibatches);
  GradientIO io = arrays_of(rollout, config);
  io.index = minibatch.index;
  if (config.normalization == Normalization::minibatch)
    training_kernels().moments(io, minibatch.segments, config.sample_deviation, &state_[0].moments);
  m = stopped_minibatch_of(rollout, minibatch.segment, minibatch.index, minibatch.segments, rollout.segment());
  const AdvantageMoments moments = state_[0].moments;
  for (size_t k = size_t(m.burn_in) * size_t(m.sequences); k < m.advantage.size(); k++)
    m.advantage[k] = (m.advantage[k] - moments.mean) * moments.scale;
}

}  // namespace torsor
