// See pin.h.
#include "napi/pin.h"

namespace torsor {

void PinWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set("Pin", define(env, "Pin", processor, {InstanceMethod("dispose", &PinWrap::dispose)}));
}

PinWrap::PinWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    uint8_t* const data = bytes(info[0], "buffer", 1);
    view_ = Napi::Persistent(info[0].As<Napi::Object>());
    pin_ = std::make_unique<Pin>(data, int64_t(info[0].As<Napi::TypedArray>().ByteLength()));
  });
}

void PinWrap::release() {
  pin_.reset();
  view_.Reset();
}

}  // namespace torsor
