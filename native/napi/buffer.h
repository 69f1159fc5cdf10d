// class Buffer of the addon: a device buffer in JavaScript's hands.
#pragma once
#include "napi/convert.h"

namespace torsor {

class BufferWrap : public Napi::ObjectWrap<BufferWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports);
  explicit BufferWrap(const Napi::CallbackInfo&);
  void Finalize(Napi::Env env) override { release(env); }

  const Buffer& buffer(const char* name) const;

 private:
  void read(const Napi::CallbackInfo&);
  void write(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo& info) { release(info.Env()); }
  Napi::Value byte_length(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), double(buffer_.bytes())); }
  void release(Napi::Env);

  Buffer buffer_;
};

}  // namespace torsor
