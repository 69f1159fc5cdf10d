// See step.h.
#include "napi/step.h"

#include "napi/buffer.h"
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
  // A copy: the caller may put other arrays into his object, and these must stay alive as long as the step.
  const Napi::Object kept = Napi::Object::New(env);
  for (const char* name : {"observation", "action", "latent", "logProb", "value", "mask", "carry"}) {
    const Napi::Value array = arrays.As<Napi::Object>().Get(name);
    kept.Set(name, array);
    if (array.IsObject() && array.As<Napi::Object>().CheckTypeTag(&ClassTags::buffer))
      self.buffers_.push_back(BufferWrap::Unwrap(array.As<Napi::Object>())->share());
  }
  self.arrays_ = Napi::Persistent(kept);
  return step;
}

void StepWrap::run(const Napi::CallbackInfo& info) {
  double counter = 0;
  napi_get_value_double(info.Env(), info[0], &counter);
  io_.noise.counter = uint64_t(counter);
  guarded(info.Env(), wrap_->processor(), [&] { wrap_->model("step").act(io_, 0, rows_); });
}

}  // namespace torsor
