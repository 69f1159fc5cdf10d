// What the objects of the addon have in common: each belongs to the processor of the device whose exports its class is among.
#pragma once
#include "napi/convert.h"

namespace torsor {

// Classes and functions that exist once for every processor carry its number as their data.
inline void* data_for(int processor) { return reinterpret_cast<void*>(intptr_t(processor)); }
inline int processor_of(const Napi::CallbackInfo& info) { return int(reinterpret_cast<intptr_t>(info.Data())); }

template <class T> class Wrap : public Napi::ObjectWrap<T> {
 public:
  explicit Wrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<T>(info), processor_(processor_of(info)) {}
  int processor() const { return processor_; }

 protected:
  static Napi::Function define(Napi::Env env, const char* name, int processor,
                               const std::initializer_list<Napi::ClassPropertyDescriptor<T>>& properties) {
    return Napi::ObjectWrap<T>::DefineClass(env, name, properties, data_for(processor));
  }

  // Every use of the native half happens in one of these.
  template <class F> auto guarded(Napi::Env env, F f) const -> decltype(f()) {
    return torsor::guarded(env, processor_, f);
  }

 private:
  int processor_;
};

// The native half of a JavaScript object of one of our classes; a type error otherwise. Within guarded, whose processor has to be its own.
template <class W> W& unwrap(const Napi::Value& value, const napi_type_tag& tag, const char* name) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag))
    throw to_javascript(value.Env(), Error("INVALID_ARGUMENT", std::string(name) + ": not an object of this addon"));
  W& wrap = *W::Unwrap(value.As<Napi::Object>());
  check_processor(name, wrap.processor());
  return wrap;
}

}  // namespace torsor
