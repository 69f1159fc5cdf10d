// class Rollout of the addon.
#pragma once
#include "napi/kept.h"
#include "napi/model.h"
#include "training/rollout.h"

namespace torsor {

class RolloutWrap : public Wrap<RolloutWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit RolloutWrap(const Napi::CallbackInfo&);

  Rollout& rollout(const char* name) const;
  // Held while work off the JavaScript thread uses the rollout; a second call meanwhile is an error, not a race.
  class Use {
   public:
    Use(RolloutWrap& wrap, const char* name);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    RolloutWrap& wrap_;
  };

 private:
  Napi::Value horizon(const Napi::CallbackInfo&);
  Napi::Value environments(const Napi::CallbackInfo&);
  void bind_act(const Napi::CallbackInfo&);
  void act(const Napi::CallbackInfo&);
  void bind_record(const Napi::CallbackInfo&);
  void record(const Napi::CallbackInfo&);
  void finish(const Napi::CallbackInfo&);
  Napi::Value collect(const Napi::CallbackInfo&);
  void read(const Napi::CallbackInfo&);
  void write(const Napi::CallbackInfo&);
  void advantage(const Napi::CallbackInfo&);
  void read_carry(const Napi::CallbackInfo&);
  void write_carry(const Napi::CallbackInfo&);
  void read_burn_in(const Napi::CallbackInfo&);
  void write_burn_in(const Napi::CallbackInfo&);
  void read_scaling(const Napi::CallbackInfo&);
  void write_scaling(const Napi::CallbackInfo&);
  void reset(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo&);
  Rollout& idle(const char* name) const;

  std::shared_ptr<Model> model_alive_;
  std::unique_ptr<Rollout> rollout_;
  Napi::ObjectReference model_;
  ModelWrap* wrap_ = nullptr;
  bool busy_ = false;

  // The arrays of `act` and `record`, in memory that is kept; null before they are bound.
  struct {
    const float* observation = nullptr;
    const uint8_t* mask = nullptr;
    ActionMemory action;
    Noise noise{};  // of step 0
  } acting_;
  struct {
    const float* reward = nullptr;
    const uint8_t *terminated = nullptr, *truncated = nullptr;
    const float* final_observation = nullptr;
  } recording_;
  Kept kept_;
};

}  // namespace torsor
