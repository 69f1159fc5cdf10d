// See trainer.h.
#include "napi/trainer.h"

#include <algorithm>
#include <cstring>

#include "napi/async.h"
#include "napi/instance.h"

namespace torsor {

Napi::Value to_javascript(Napi::Env env, const PpoMetrics& m) {
  const Napi::Object o = Napi::Object::New(env);
  o.Set("loss", m.loss);
  o.Set("policyLoss", m.policy_loss);
  o.Set("valueLoss", m.value_loss);
  o.Set("entropy", m.entropy);
  o.Set("approxKl", m.approx_kl);
  o.Set("clipFraction", m.clip_fraction);
  o.Set("explainedVariance", m.explained_variance);
  o.Set("gradNorm", m.grad_norm);
  o.Set("learningRate", m.learning_rate);
  o.Set("epochs", double(m.epochs));
  o.Set("minibatches", double(m.minibatches));
  o.Set("optimizerSteps", double(m.steps()));
  constexpr const char* names[] = {nullptr, "loss", "gradient", "step"};
  const char* const name = names[int(m.non_finite)];
  o.Set("nonFinite", name ? Napi::Value(Napi::String::New(env, name)) : env.Null());
  return o;
}

template <class To, class T> static To typed_array(Napi::Env env, const std::vector<T>& from) {
  To to = To::New(env, from.size());
  std::copy(from.begin(), from.end(), to.Data());
  return to;
}

void OptimizerWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  const Napi::Function constructor = define(
      env, "Optimizer", processor,
      {InstanceMethod("step", &OptimizerWrap::step), InstanceMethod("readState", &OptimizerWrap::read_state),
       InstanceMethod("writeState", &OptimizerWrap::write_state), InstanceMethod("dispose", &OptimizerWrap::dispose)});
  instance(env).optimizer[processor] = Napi::Persistent(constructor);
  exports.Set("Optimizer", constructor);
}

OptimizerWrap::OptimizerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  if (info.Length() == 0) return;  // a trainer hands over its own
  guarded(info.Env(), [&] {
    optimizer_ = std::make_shared<Optimizer>(integer(info[0], "count", 0, 1 << 30), to_optimizer_config(info[1]),
                                             to_matrices(info[2]));
    info.This().As<Napi::Object>().TypeTag(&ClassTags::optimizer);
  });
}

Optimizer& OptimizerWrap::optimizer() const {
  if (!optimizer_) throw Error("DISPOSED", "the optimizer was disposed");
  return *optimizer_;
}

void OptimizerWrap::step(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Optimizer& o = optimizer();
    Array<UpdateGate> gate(1);
    gate[0] = {};
    o.step(floats(info[0], "parameters", o.count()), floats(info[1], "gradients", o.count()),
           float(number(info[2], "learningRate")), gate.data());
    if (gate[0].overflowed) throw Error("NON_FINITE", "the step would have made parameters or moments NaN or infinite");
  });
}

Napi::Value OptimizerWrap::read_state(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Optimizer& o = optimizer();
    std::memcpy(floats(info[0], "first", o.count()), o.first.data(), sizeof(float) * o.count());
    std::memcpy(floats(info[1], "second", o.count()), o.second.data(), sizeof(float) * o.count());
    return Napi::Number::New(info.Env(), double(o.updates));
  });
}

void OptimizerWrap::write_state(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Optimizer& o = optimizer();
    const float *first = floats(info[0], "first", o.count()), *second = floats(info[1], "second", o.count());
    const int64_t updates = integer(info[2], "count", 0, int64_t(1) << 52);
    std::memcpy(o.first.data(), first, sizeof(float) * o.count());
    std::memcpy(o.second.data(), second, sizeof(float) * o.count());
    o.updates = updates;
  });
}

void TrainerWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set("Trainer", define(env, "Trainer", processor,
                                {InstanceAccessor("optimizer", &TrainerWrap::optimizer, nullptr),
                                 InstanceMethod("update", &TrainerWrap::update),
                                 InstanceMethod("stoppedMinibatch", &TrainerWrap::stopped_minibatch),
                                 InstanceMethod("readDraw", &TrainerWrap::read_draw),
                                 InstanceMethod("dispose", &TrainerWrap::dispose)}));
}

TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    ModelWrap& model = unwrap<ModelWrap>(info[0], ClassTags::model, "model");
    model_alive_ = model.share();
    trainer_ = std::make_shared<PpoTrainer>(model.model("model"), to_optimizer_config(info[1]), to_matrices(info[2]));
    model_ = Napi::Persistent(info[0].As<Napi::Object>());
    info.This().As<Napi::Object>().TypeTag(&ClassTags::trainer);
  });
}

PpoTrainer& TrainerWrap::trainer() const {
  if (!trainer_) throw Error("DISPOSED", "the trainer was disposed");
  ModelWrap::Unwrap(model_.Value())->model("trainer");
  return *trainer_;
}

Napi::Value TrainerWrap::optimizer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    trainer();
    const Napi::Object object = instance(info.Env()).optimizer[processor()].New({});
    OptimizerWrap::Unwrap(object)->optimizer_ = std::shared_ptr<Optimizer>(trainer_, &trainer_->optimizer);
    return object;
  });
}

Napi::Value TrainerWrap::update(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    trainer();
    RolloutWrap& wrap = unwrap<RolloutWrap>(info[0], ClassTags::rollout, "rollout");
    Rollout& rollout = wrap.rollout("rollout");
    if (&rollout.model() != &trainer().model())
      throw Error("INVALID_ARGUMENT", "rollout: it was made with another model than the trainer's");
    PpoUpdateConfig config = to_ppo_config(info[1]);
    check_fits(config, rollout);
    std::vector<float> learning_rates = to_learning_rates(info[2], int64_t(config.epochs) * config.minibatches);
    const Noise key = to_noise(info[3]);
    auto use = std::make_shared<RolloutWrap::Use>(wrap, "update");
    const std::shared_ptr<PpoTrainer> trainer = trainer_;
    return run_async(
        info.Env(), {info.This(), model_.Value(), info[0]},
        [trainer, alive = model_alive_, &rollout, config = std::move(config),
         learning_rates = std::move(learning_rates),
         key] { return trainer->update(rollout, config, learning_rates, key); },
        [use](Napi::Env env, const PpoMetrics& metrics) mutable {
          use.reset();
          return to_javascript(env, metrics);
        });
  });
}

Napi::Value TrainerWrap::stopped_minibatch(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const StoppedMinibatch& m = trainer().stopped_minibatch;
    const Napi::Env env = info.Env();
    if (m.sequences == 0) return env.Null();
    const Napi::Object o = Napi::Object::New(env);
    o.Set("sequences", m.sequences);
    o.Set("steps", m.steps);
    o.Set("burnIn", m.burn_in);
    o.Set("rows", typed_array<Napi::Int32Array>(env, m.row));
    const auto floats = [&](const char* name, const std::vector<float>& column) {
      o.Set(name, typed_array<Napi::Float32Array>(env, column));
    };
    floats("observation", m.observation);
    floats("latent", m.latent);
    floats("logProb", m.log_prob);
    floats("advantage", m.advantage);
    floats("target", m.target);
    floats("value", m.value);
    floats("carry", m.carry);
    floats("weight", m.weight);
    o.Set("mask", typed_array<Napi::Uint8Array>(env, m.mask));
    o.Set("done", typed_array<Napi::Uint8Array>(env, m.done));
    return o;
  });
}

// A column of the last update's prioritised sampling, in order of segments, of draws or of the rollout's rows.
void TrainerWrap::read_draw(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const PpoTrainer& t = trainer();
    const SegmentSampler& s = t.sampler;
    const std::string column = text(info[0], "column");
    const auto copy = [&](const auto& from, int64_t first, int64_t count) {
      float* to = floats(info[1], "target", count);
      if (first + count > from.size()) throw Error("INVALID_ARGUMENT", "readDraw: no segments were drawn");
      for (int64_t k = 0; k < count; k++) to[k] = float(from[first + k]);
    };
    const int64_t start = s.shape().start(), segments = s.shape().segments(), rows = s.shape().rows() - start;
    if (column == "priority")
      copy(s.priority, 0, segments);
    else if (column == "probability")
      copy(s.probability, 0, segments);
    else if (column == "weight")
      copy(s.weight, 0, segments);
    else if (column == "segment")
      copy(s.segment, 0, s.segment.size());
    else if (column == "advantage")
      copy(s.corrected, start, rows);
    else if (column == "ratio")
      copy(t.ratio, start, rows);
    else
      throw Error("UNKNOWN_NAME",
                  "column: expected priority, probability, weight, segment, advantage or ratio, got '" + column + "'");
  });
}

}  // namespace torsor
