// class Model of the addon.
#pragma once
#include "napi/wrap.h"
#include "program/model.h"

namespace torsor {

class ModelWrap : public Wrap<ModelWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit ModelWrap(const Napi::CallbackInfo&);

  Model& model(const char* name) const;
  // For whoever calls the model later, perhaps off the JavaScript thread: it outlives dispose().
  std::shared_ptr<Model> share() const { return model_; }

 private:
  Napi::Value parameter_count(const Napi::CallbackInfo&);
  Napi::Value carry_width(const Napi::CallbackInfo&);
  Napi::Value choices(const Napi::CallbackInfo&);
  void read_parameters(const Napi::CallbackInfo&);
  void write_parameters(const Napi::CallbackInfo&);
  void forward(const Napi::CallbackInfo&);
  void act(const Napi::CallbackInfo&);
  Napi::Value bind(const Napi::CallbackInfo&);
  void evaluate(const Napi::CallbackInfo&);
  void gradient(const Napi::CallbackInfo&);
  Napi::Value ppo(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo&) { model_.reset(); }

  std::shared_ptr<Model> model_;
};

// Actions of a model in JavaScript's memory: floats, or indices where it is discrete.
struct ActionMemory {
  float* action = nullptr;
  int32_t* choice = nullptr;
};
ActionMemory action_memory(const Model&, const Napi::Value&, int64_t rows);

}  // namespace torsor
