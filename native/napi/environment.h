// class Environment of the addon: native environments stepped together.
#pragma once
#include <memory>

#include "envs/vector_environment.h"
#include "napi/wrap.h"

namespace torsor {

class EnvironmentWrap : public Wrap<EnvironmentWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit EnvironmentWrap(const Napi::CallbackInfo&);

  // An error when it was disposed, or while work off the JavaScript thread shares it.
  VectorEnvironment& environment(const char* name) const;
  // For work off the JavaScript thread: the environment is in use until the pointer is gone.
  std::shared_ptr<VectorEnvironment> share(const char* name) const {
    environment(name);
    return environment_;
  }

 private:
  Napi::Value info(const Napi::CallbackInfo&);
  Napi::Value count(const Napi::CallbackInfo&);
  void reset(const Napi::CallbackInfo&);
  void step(const Napi::CallbackInfo&);
  void observe(const Napi::CallbackInfo&);
  void read_state(const Napi::CallbackInfo&);
  void write_state(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo&) { environment_.reset(); }

  std::shared_ptr<VectorEnvironment> environment_;
};

// NativeEnvironmentInfo of lib/addon/native-training.ts.
Napi::Object to_javascript(Napi::Env, const EnvironmentInfo&);

}  // namespace torsor
