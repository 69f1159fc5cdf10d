// class Pin of the addon: pinned memory in JavaScript's hands.
#pragma once
#include <memory>

#include "device/pin.h"
#include "napi/wrap.h"

namespace torsor {

class PinWrap : public Wrap<PinWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit PinWrap(const Napi::CallbackInfo&);
  void Finalize(Napi::Env) override { release(); }

 private:
  void dispose(const Napi::CallbackInfo&) { release(); }
  void release();

  std::unique_ptr<Pin> pin_;
  Napi::ObjectReference view_;  // keeps the memory alive
};

}  // namespace torsor
