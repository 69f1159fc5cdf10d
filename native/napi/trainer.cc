// See trainer.h.
#include "napi/trainer.h"

#include <cstring>

#include "napi/async.h"
#include "napi/instance.h"

namespace torsor {

PpoUpdateConfig to_ppo_config(const Napi::Value& value) {
  const Napi::Object o = object(value, "config");
  const auto real = [&](const char* name) { return float(number(o.Get(name), name)); };
  PpoUpdateConfig c{};
  c.epochs = int(integer(o.Get("epochs"), "epochs", 1, 1 << 20));
  c.minibatches = int(integer(o.Get("minibatches"), "minibatches", 1, 1 << 20));
  c.advantage = {real("gamma"), real("lambda"), real("rhoClip"), real("cClip"),
                 absent(o.Get("rewardScale")) ? 1 : real("rewardScale")};
  c.advantage.running_scale = o.Get("runningScale").ToBoolean();
  c.loss = {real("clipRatio"), real("clipValue"), real("valueCoefficient"), real("entropyCoefficient")};
  c.max_grad_norm = real("maxGradNorm");
  c.normalize_advantage = o.Get("normalizeAdvantage").ToBoolean();
  c.target_kl = real("targetKl");
  c.checkpoint_steps =
      absent(o.Get("checkpointSteps")) ? 0 : int(integer(o.Get("checkpointSteps"), "checkpointSteps", 0, 1 << 20));
  return c;
}

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
  o.Set("epochs", double(m.epochs));
  o.Set("nonFinite", m.non_finite ? 1.0 : 0.0);
  return o;
}

void OptimizerWrap::init(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = DefineClass(
      env, "Optimizer",
      {InstanceMethod("step", &OptimizerWrap::step), InstanceMethod("readState", &OptimizerWrap::read_state),
       InstanceMethod("writeState", &OptimizerWrap::write_state), InstanceMethod("dispose", &OptimizerWrap::dispose)});
  instance(env).optimizer = Napi::Persistent(constructor);
  exports.Set("Optimizer", constructor);
}

OptimizerWrap::OptimizerWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
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
    o.step(floats(info[0], "parameters", o.count()), floats(info[1], "gradients", o.count()),
           float(number(info[2], "learningRate")));
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

void TrainerWrap::init(Napi::Env env, Napi::Object exports) {
  exports.Set("Trainer", DefineClass(env, "Trainer",
                                     {InstanceAccessor("optimizer", &TrainerWrap::optimizer, nullptr),
                                      InstanceMethod("update", &TrainerWrap::update),
                                      InstanceMethod("dispose", &TrainerWrap::dispose)}));
}

TrainerWrap::TrainerWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
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
    const Napi::Object object = instance(info.Env()).optimizer.New({});
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
    const PpoUpdateConfig config = to_ppo_config(info[1]);
    const int64_t segments = rollout.size() / rollout.segment();
    if (config.minibatches > segments)
      throw Error("INVALID_ARGUMENT", "minibatches: expected at most the " + std::to_string(segments) +
                                          (rollout.segment() > 1 ? " segments" : " steps") + " of the rollout, got " +
                                          std::to_string(config.minibatches));
    const float learning_rate = float(number(info[2], "learningRate"));
    const Noise key = to_noise(info[3]);
    auto use = std::make_shared<RolloutWrap::Use>(wrap, "update");
    const std::shared_ptr<PpoTrainer> trainer = trainer_;
    return run_async(
        info.Env(), {info.This(), model_.Value(), info[0]},
        [trainer, alive = model_alive_, &rollout, config, learning_rate, key] {
          return trainer->update(rollout, config, learning_rate, key);
        },
        [use](Napi::Env env, const PpoMetrics& metrics) mutable {
          use.reset();
          return to_javascript(env, metrics);
        });
  });
}

}  // namespace torsor
