// See rollout.h.
#include "napi/rollout.h"

#include "napi/async.h"
#include "napi/environment.h"

namespace torsor {

void RolloutWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set(
      "Rollout",
      define(
          env, "Rollout", processor,
          {InstanceAccessor("horizon", &RolloutWrap::horizon, nullptr),
           InstanceAccessor("environments", &RolloutWrap::environments, nullptr),
           InstanceMethod("bindAct", &RolloutWrap::bind_act), InstanceMethod("act", &RolloutWrap::act),
           InstanceMethod("bindRecord", &RolloutWrap::bind_record), InstanceMethod("record", &RolloutWrap::record),
           InstanceMethod("finish", &RolloutWrap::finish), InstanceMethod("collect", &RolloutWrap::collect),
           InstanceMethod("read", &RolloutWrap::read), InstanceMethod("write", &RolloutWrap::write),
           InstanceMethod("advantage", &RolloutWrap::advantage), InstanceMethod("readCarry", &RolloutWrap::read_carry),
           InstanceMethod("writeCarry", &RolloutWrap::write_carry),
           InstanceMethod("readBurnIn", &RolloutWrap::read_burn_in),
           InstanceMethod("writeBurnIn", &RolloutWrap::write_burn_in),
           InstanceMethod("readScaling", &RolloutWrap::read_scaling),
           InstanceMethod("writeScaling", &RolloutWrap::write_scaling), InstanceMethod("reset", &RolloutWrap::reset),
           InstanceMethod("dispose", &RolloutWrap::dispose)}));
}

RolloutWrap::RolloutWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    wrap_ = &unwrap<ModelWrap>(info[0], ClassTags::model, "model");
    const int64_t horizon = integer(info[1], "horizon", 1, 1 << 20),
                  environments = integer(info[2], "environments", 1, 1 << 24);
    const int64_t segment = absent(info[3]) ? 1 : integer(info[3], "segment", 1, horizon);
    const int64_t burn_in = absent(info[4]) ? 0 : integer(info[4], "burnIn", 0, horizon);
    if ((horizon + burn_in) * environments > INT32_MAX)
      throw Error("INVALID_ARGUMENT", "(horizon + burnIn) x environments: expected at most 2^31 - 1 steps, got " +
                                          std::to_string((horizon + burn_in) * environments));
    if (horizon % segment)
      throw Error("INVALID_ARGUMENT", "segment: expected a divisor of the horizon " + std::to_string(horizon) +
                                          ", got " + std::to_string(segment));
    model_alive_ = wrap_->share();
    rollout_ =
        std::make_unique<Rollout>(wrap_->model("model"), int(horizon), int(environments), int(segment), int(burn_in));
    model_ = Napi::Persistent(info[0].As<Napi::Object>());
    info.This().As<Napi::Object>().TypeTag(&ClassTags::rollout);
  });
}

Rollout& RolloutWrap::rollout(const char* name) const {
  if (!rollout_) throw Error("DISPOSED", std::string(name) + ": the rollout was disposed");
  wrap_->model(name);  // the rollout calls the model
  return *rollout_;
}

Rollout& RolloutWrap::idle(const char* name) const {
  if (busy_)
    throw Error("INVALID_ARGUMENT", std::string(name) + ": the rollout is in use by a call that has not ended");
  return rollout(name);
}

RolloutWrap::Use::Use(RolloutWrap& wrap, const char* name) : wrap_(wrap) {
  wrap.idle(name);
  wrap.busy_ = true;
}

RolloutWrap::Use::~Use() { wrap_.busy_ = false; }

Napi::Value RolloutWrap::horizon(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Number::New(info.Env(), rollout("horizon").horizon()); });
}

Napi::Value RolloutWrap::environments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), rollout("environments").environments());
  });
}

Napi::Value RolloutWrap::collect(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Rollout& r = idle("collect");
    const Model& m = wrap_->model("collect");
    const std::shared_ptr<VectorEnvironment> environment =
        unwrap<EnvironmentWrap>(info[0], ClassTags::environment, "environment").share("environment");
    const EnvironmentInfo& e = environment->info();
    if (environment->count() != r.environments())
      throw Error("INVALID_SHAPE", "environment: expected " + std::to_string(r.environments()) + " environments, got " +
                                       std::to_string(environment->count()));
    // Discrete environments take one index.
    const bool fits = e.action_size == m.head().n && m.head().latent_width == (e.discrete ? 1 : e.action_size);
    if (e.observation_size != m.observation_size() || !fits || e.discrete != m.discrete())
      throw Error("INVALID_SHAPE", "environment: " + e.name + " has observations of size " +
                                       std::to_string(e.observation_size) + " and " + std::to_string(e.action_size) +
                                       (e.discrete ? " discrete actions" : " continuous actions") + ", the model " +
                                       std::to_string(m.observation_size()) + " and " + std::to_string(m.head().n) +
                                       (m.discrete() ? " discrete" : " continuous"));
    const Noise noise = to_noise(info[1], r.horizon());
    auto use = std::make_shared<Use>(*this, "collect");
    return run_async(
        info.Env(), {info.This(), model_.Value(), info[0]},
        [&r, environment, noise] { return r.collect(*environment, noise); },
        [use](Napi::Env env, const EpisodeSums& sums) mutable -> Napi::Value {
          use.reset();
          const Napi::Object episodes = Napi::Object::New(env);
          episodes.Set("count", double(sums.count));
          episodes.Set("returnSum", sums.return_sum);
          episodes.Set("lengthSum", sums.length_sum);
          return episodes;
        });
  });
}

void RolloutWrap::advantage(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("advantage");
    const float* ratio = absent(info[4]) ? nullptr : floats(info[4], "ratio", r.size());
    r.advantages({float(number(info[0], "gamma")), float(number(info[1], "lambda")), float(number(info[2], "rhoClip")),
                  float(number(info[3], "cClip"))},
                 ratio);
  });
}

void RolloutWrap::reset(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { idle("reset").reset(); });
}

void RolloutWrap::dispose(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    if (busy_) throw Error("INVALID_ARGUMENT", "dispose: the rollout is in use by a call that has not ended");
    rollout_.reset();
    kept_.release();
  });
}

}  // namespace torsor
