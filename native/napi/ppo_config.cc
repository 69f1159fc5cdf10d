// See ppo_config.h.
#include "napi/ppo_config.h"

namespace torsor {

static Normalization to_normalization(const Napi::Value& value) {
  if (value.IsString()) {
    const std::string name = text(value, "normalizeAdvantage");
    if (name == "minibatch") return Normalization::minibatch;
    if (name == "rollout") return Normalization::rollout;
    throw Error("UNKNOWN_NAME", "normalizeAdvantage: expected minibatch or rollout, got '" + name + "'");
  }
  return value.ToBoolean() ? Normalization::minibatch : Normalization::none;
}

PpoUpdateConfig to_ppo_config(const Napi::Value& value) {
  const Napi::Object o = object(value, "config");
  const auto real = [&](const char* name) { return float(number(o.Get(name), name)); };
  const auto real_or = [&](const char* name, float fallback) { return absent(o.Get(name)) ? fallback : real(name); };
  const auto count = [&](const char* name, int least) { return int(integer(o.Get(name), name, least, 1 << 20)); };
  const auto count_or = [&](const char* name, int least) { return absent(o.Get(name)) ? least : count(name, least); };
  PpoUpdateConfig c{};
  c.epochs = count("epochs", 1);
  c.minibatches = count("minibatches", 1);
  c.advantage = {real("gamma"), real("lambda"), real("rhoClip"), real("cClip"), real_or("rewardScale", 1)};
  c.advantage.running_scale = o.Get("runningScale").ToBoolean();
  c.loss = {real("clipRatio"), real("clipValue"), real("valueCoefficient"), real("entropyCoefficient")};
  c.max_grad_norm = real("maxGradNorm");
  c.normalization = to_normalization(o.Get("normalizeAdvantage"));
  c.sample_deviation = o.Get("sampleDeviation").ToBoolean();
  c.target_kl = real("targetKl");
  c.checkpoint_steps = count_or("checkpointSteps", 0);
  c.drip_decay = real_or("dripDecay", 0);
  c.desired_kl = real_or("desiredKl", 0);
  c.gradient_accumulation = count_or("gradientAccumulation", 1);
  c.update_accumulation = count_or("updateAccumulation", 1);
  const Napi::Value draw = o.Get("draw");
  if (absent(draw)) return c;
  const Napi::Object d = object(draw, "draw");
  const auto of_draw = [&](const char* name) { return float(number(d.Get(name), name)); };
  c.drawn_segments = int(integer(d.Get("count"), "count", 1, INT32_MAX));
  c.segment = int(integer(d.Get("segment"), "segment", 1, 1 << 20));
  c.priority = {of_draw("alpha"), of_draw("beta")};
  if (!absent(d.Get("order"))) {
    const int64_t all = int64_t(c.epochs) * c.minibatches * c.drawn_segments;
    const int32_t* order = ints(d.Get("order"), "order", all);
    c.order.assign(order, order + all);
  }
  return c;
}

void check_fits(const PpoUpdateConfig& c, const Rollout& rollout) {
  const auto expect = [](bool holds, const std::string& what) {
    if (!holds) throw Error("INVALID_ARGUMENT", what);
  };
  if (!c.drawn_segments) {
    const int64_t segments = rollout.size() / rollout.segment();
    expect(c.minibatches <= segments, "minibatches: expected at most the " + std::to_string(segments) +
                                          (rollout.segment() > 1 ? " segments" : " steps") + " of the rollout, got " +
                                          std::to_string(c.minibatches));
    return;
  }
  const bool remembers = rollout.model().carry_width() > 0;
  expect(remembers ? c.segment == rollout.segment() : rollout.horizon() % c.segment == 0,
         "segment: expected " +
             (remembers ? "that of the rollout, " + std::to_string(rollout.segment())
                        : "a divisor of the horizon " + std::to_string(rollout.horizon())) +
             ", got " + std::to_string(c.segment));
  const int64_t segments = rollout.size() / c.segment;
  expect(c.drawn_segments <= segments, "count: expected at most the " + std::to_string(segments) +
                                           " segments of the rollout, got " + std::to_string(c.drawn_segments));
  for (int32_t k : c.order)
    expect(k >= 0 && k < segments,
           "order: expected segments below " + std::to_string(segments) + ", got " + std::to_string(k));
}

std::vector<float> to_learning_rates(const Napi::Value& value, int64_t count) {
  if (!value.IsTypedArray()) return {float(number(value, "learningRate"))};
  const float* rates = floats(value, "learningRate", count);
  return {rates, rates + count};
}

}  // namespace torsor
