// class Buffer of the addon: a device buffer in JavaScript's hands.
#pragma once
#include <memory>

#include "napi/wrap.h"

namespace torsor {

class BufferWrap : public Wrap<BufferWrap> {
 public:
  static void init(Napi::Env, Napi::Object exports, int processor);
  explicit BufferWrap(const Napi::CallbackInfo&);
  void Finalize(Napi::Env env) override { release(env); }

  const Buffer& buffer(const char* name) const;
  // For whoever keeps the memory longer than a call: it outlives dispose().
  std::shared_ptr<Buffer> share() const { return buffer_; }

 private:
  void read(const Napi::CallbackInfo&);
  void write(const Napi::CallbackInfo&);
  void dispose(const Napi::CallbackInfo& info) { release(info.Env()); }
  Napi::Value byte_length(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), buffer_ ? double(buffer_->bytes()) : 0.0);
  }
  void release(Napi::Env);

  std::shared_ptr<Buffer> buffer_;
};

}  // namespace torsor
