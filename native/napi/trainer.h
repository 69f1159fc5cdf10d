// Classes Optimizer and Trainer of the addon.
#pragma once
#include "napi/ppo_config.h"
#include "napi/rollout.h"
#include "training/ppo.h"

namespace torsor {

Napi::Value to_javascript(Napi::Env, const PpoMetrics&);

class OptimizerWrap : public Wrap<OptimizerWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit OptimizerWrap(const Napi::CallbackInfo&);

 private:
  friend class TrainerWrap;
  void step(const Napi::CallbackInfo&);
  Napi::Value read_state(const Napi::CallbackInfo&);
  void write_state(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo&) { optimizer_.reset(); }
  Optimizer& optimizer() const;

  std::shared_ptr<Optimizer> optimizer_;  // its own, or a trainer's
};

class TrainerWrap : public Wrap<TrainerWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit TrainerWrap(const Napi::CallbackInfo&);

 private:
  Napi::Value optimizer(const Napi::CallbackInfo&);
  Napi::Value update(const Napi::CallbackInfo&);
  Napi::Value stopped_minibatch(const Napi::CallbackInfo&);
  void read_draw(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo&) { trainer_.reset(); }
  PpoTrainer& trainer() const;

  std::shared_ptr<Model> model_alive_;
  std::shared_ptr<PpoTrainer> trainer_;
  Napi::ObjectReference model_;
};

}  // namespace torsor
