// A policy step bound to its arrays: what NativeModel.bind returns. One call costs no allocation and no lookup.
#pragma once
#include "napi/kept.h"
#include "napi/model.h"

namespace torsor {

class StepWrap : public Napi::ObjectWrap<StepWrap> {
 public:
  static void init(Napi::Env);
  static Napi::Value create(Napi::Env, const Napi::Object& model, const Napi::Value& arrays, const Napi::Value& key,
                            bool deterministic);
  explicit StepWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

 private:
  void run(const Napi::CallbackInfo&);

  ModelWrap* wrap_ = nullptr;
  StepIO io_{};
  int rows_ = 0;
  Napi::ObjectReference model_;
  Kept kept_;
};

// The memory of NativeStepArrays, checked against the model.
StepIO step_arrays(const Model&, const Napi::Object& arrays, int& rows);

}  // namespace torsor
