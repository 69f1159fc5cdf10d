// See environment.h.
#include "napi/environment.h"

namespace torsor {

static Napi::Array to_javascript(Napi::Env env, const std::vector<double>& numbers) {
  const Napi::Array list = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); i++) list.Set(i, numbers[i]);
  return list;
}

Napi::Object to_javascript(Napi::Env env, const EnvironmentInfo& info) {
  const Napi::Object o = Napi::Object::New(env);
  o.Set("name", info.name);
  o.Set("observationSize", double(info.observation_size));
  o.Set("actionSize", double(info.action_size));
  o.Set("discrete", info.discrete);
  o.Set("observationLow", to_javascript(env, info.observation_low));
  o.Set("observationHigh", to_javascript(env, info.observation_high));
  o.Set("actionLow", to_javascript(env, info.action_low));
  o.Set("actionHigh", to_javascript(env, info.action_high));
  o.Set("maxEpisodeSteps", double(info.max_steps));
  o.Set("stateSize", double(info.state_size));
  return o;
}

void EnvironmentWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set("Environment",
              define(env, "Environment", processor,
                     {InstanceAccessor("info", &EnvironmentWrap::info, nullptr),
                      InstanceAccessor("count", &EnvironmentWrap::count, nullptr),
                      InstanceMethod("reset", &EnvironmentWrap::reset), InstanceMethod("step", &EnvironmentWrap::step),
                      InstanceMethod("observe", &EnvironmentWrap::observe),
                      InstanceMethod("readState", &EnvironmentWrap::read_state),
                      InstanceMethod("writeState", &EnvironmentWrap::write_state),
                      InstanceMethod("dispose", &EnvironmentWrap::dispose)}));
}

EnvironmentWrap::EnvironmentWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    const std::string name = text(info[0], "name");
    const int index = find_environment(name);
    if (index < 0) throw Error("UNKNOWN_NAME", "name: no environment is named '" + name + "'");
    const int count = int(integer(info[1], "count", 1, 1 << 24));
    const Noise key = to_noise(info[2]);
    environment_ = std::make_shared<VectorEnvironment>(index, count, key.seed, key.stream, key.counter);
    info.This().As<Napi::Object>().TypeTag(&ClassTags::environment);
  });
}

VectorEnvironment& EnvironmentWrap::environment(const char* name) const {
  if (!environment_) throw Error("DISPOSED", std::string(name) + ": the environment was disposed");
  if (environment_.use_count() > 1)
    throw Error("INVALID_ARGUMENT", std::string(name) + ": the environment is in use by a call that has not ended");
  return *environment_;
}

static int64_t observations(const VectorEnvironment& e) { return int64_t(e.count()) * e.info().observation_size; }
static int64_t states(const VectorEnvironment& e) { return int64_t(e.count()) * e.info().state_size; }

Napi::Value EnvironmentWrap::info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value { return to_javascript(info.Env(), environment("info").info()); });
}

Napi::Value EnvironmentWrap::count(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Number::New(info.Env(), environment("count").count()); });
}

void EnvironmentWrap::reset(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    VectorEnvironment& e = environment("reset");
    float* observation = floats(info[0], "observation", observations(e));
    e.reset();
    e.observe(0, e.count(), observation);
  });
}

void EnvironmentWrap::step(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    VectorEnvironment& e = environment("step");
    EnvironmentArrays arrays{};
    if (e.info().discrete)
      arrays.choice = ints(info[0], "action", e.count());
    else
      arrays.action = floats(info[0], "action", int64_t(e.count()) * e.info().action_size);
    arrays.observation = floats(info[1], "observation", observations(e));
    arrays.reward = floats(info[2], "reward", e.count());
    arrays.terminated = bytes(info[3], "terminated", e.count());
    arrays.truncated = bytes(info[4], "truncated", e.count());
    arrays.final_observation = floats(info[5], "finalObservation", observations(e));
    arrays.counted = false;  // the caller sees the flags; a rollout later must not count these
    e.step(0, e.count(), arrays);
  });
}

void EnvironmentWrap::observe(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const VectorEnvironment& e = environment("observe");
    e.observe(0, e.count(), floats(info[0], "observation", observations(e)));
  });
}

void EnvironmentWrap::read_state(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const VectorEnvironment& e = environment("readState");
    e.read_state(floats(info[0], "state", states(e)), ints(info[1], "steps", e.count()),
                 ints(info[2], "episodes", e.count()));
  });
}

void EnvironmentWrap::write_state(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    VectorEnvironment& e = environment("writeState");
    e.write_state(floats(info[0], "state", states(e)), ints(info[1], "steps", e.count()),
                  ints(info[2], "episodes", e.count()));
  });
}

}  // namespace torsor
