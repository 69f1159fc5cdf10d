// See step.h.
#include "napi/step.h"

#include "napi/instance.h"

namespace torsor {

void StepWrap::init(Napi::Env env) {
  instance(env).step = Napi::Persistent(DefineClass(env, "Step", {InstanceMethod("run", &StepWrap::run)}));
}

Napi::Value StepWrap::create(Napi::Env env, const Napi::Object& model, const Napi::Value& arrays,
                             const Napi::Value& key, bool deterministic) {
  const Napi::Object step = instance(env).step.New({});
  StepWrap& self = *Unwrap(step);
  self.wrap_ = ModelWrap::Unwrap(model);
  self.io_ = step_arrays(self.wrap_->model("bind"), object(arrays, "arrays"), self.rows_);
  self.io_.noise = to_noise(key);
  self.io_.deterministic = deterministic;
  self.model_ = Napi::Persistent(model);
  uint32_t place = 0;
  for (const char* name : {"observation", "action", "latent", "logProb", "value", "mask", "carry"})
    self.kept_.keep(place++, arrays.As<Napi::Object>().Get(name));
  return step;
}

void StepWrap::run(const Napi::CallbackInfo& info) {
  double counter = 0;
  napi_get_value_double(info.Env(), info[0], &counter);
  io_.noise.counter = uint64_t(counter);
  guarded(info.Env(), wrap_->processor(), [&] { wrap_->model("step").act(io_, 0, rows_); });
}

}  // namespace torsor
