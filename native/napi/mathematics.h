// Scalar mathematics for TypeScript: functions, noise, bijectors, categorical terms. See NativeMathematics in
// lib/addon/native-mathematics.ts.
#pragma once
#include "napi/convert.h"

namespace torsor {

void init_mathematics(Napi::Env, Napi::Object exports);
void init_bijectors(Napi::Env, Napi::Object exports);

// Numbers of one call: all float or all double, as the first array is.
class Reals {
 public:
  explicit Reals(const Napi::Value& first);
  bool is_double() const { return type_ == napi_float64_array; }
  // Memory of an array of that type with `count` elements, or 1 if `or_one`; `step` becomes 0 where it has 1 element.
  template <class S>
  S* array(const Napi::Value& value, const char* name, int64_t count, bool or_one = false, int* step = nullptr) const {
    return static_cast<S*>(memory(value, name, count, or_one, step));
  }

 private:
  void* memory(const Napi::Value&, const char* name, int64_t count, bool or_one, int* step) const;
  napi_typedarray_type type_;
};

// Length of a typed array.
int64_t length_of(const Napi::Value&, const char* name);

// Rows of `width` numbers that an array holds; an error when it is no whole number.
int64_t rows_of(const Napi::Value&, const char* name, int64_t width);

// Calls f(float()) or f(double()).
template <class F> void by_type(const Reals& reals, F f) {
  if (reals.is_double())
    f(double());
  else
    f(float());
}

// The function `name` of the addon, which runs f(info) and returns undefined.
template <class F> void export_function(Napi::Env env, Napi::Object exports, const char* name, F f) {
  exports.Set(name, Napi::Function::New(
                        env, [f](const Napi::CallbackInfo& info) { converted(info.Env(), [&] { f(info); }); }, name));
}

}  // namespace torsor
