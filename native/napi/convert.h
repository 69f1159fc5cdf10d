// From JavaScript values to what the core takes, with errors in the words of lib/addon; and from core errors to JavaScript.
#pragma once
#include <napi.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "device/buffer.h"
#include "device/error.h"
#include "device/processor.h"
#include "program/build.h"
#include "training/optimizer.h"

namespace torsor {

// A JavaScript error with the code of a core error.
Napi::Error to_javascript(Napi::Env, const Error&);

// Runs f and turns whatever it throws into a JavaScript error: nothing of C++ crosses the boundary.
template <class F> auto converted(Napi::Env env, F f) -> decltype(f()) {
  try {
    return f();
  } catch (const Napi::Error&) { throw; } catch (const Error& e) {
    throw to_javascript(env, e);
  } catch (const std::bad_alloc&) {
    throw to_javascript(env, Error("OUT_OF_MEMORY", "not enough memory"));
  } catch (const std::exception& e) { throw to_javascript(env, Error("NATIVE", e.what())); }
}

// The same for what may ask something of a processor of the device, or touch its memory.
template <class F> auto guarded(Napi::Env env, int processor, F f) -> decltype(f()) {
  return converted(env, [&] {
    const OnProcessor on(processor);
    return f();
  });
}

// Throws INVALID_DEVICE where an object is of another processor than the current one.
void check_processor(const char* name, int processor);

// Memory behind a typed array (SharedArrayBuffers too) or a native Buffer, of at least `count` elements.
float* floats(const Napi::Value&, const char* name, int64_t count);
double* doubles(const Napi::Value&, const char* name, int64_t count);
int32_t* ints(const Napi::Value&, const char* name, int64_t count);
uint8_t* bytes(const Napi::Value&, const char* name, int64_t count);
bool absent(const Napi::Value&);  // undefined or null

int64_t integer(const Napi::Value&, const char* name, int64_t low, int64_t high);
double number(const Napi::Value&, const char* name);
std::string text(const Napi::Value&, const char* name);
Napi::Object object(const Napi::Value&, const char* name);
Napi::Array array(const Napi::Value&, const char* name);
std::vector<int> int_list(const Napi::Value&, const char* name);

// Of a key that `places` are drawn from, its own the first: all of them have to lie in its stream.
Noise to_noise(const Napi::Value& key, int64_t places = 1);
BijectorOperation to_bijector(const Napi::Value&);
OptimizerConfig to_optimizer_config(const Napi::Value&);
std::vector<Matrix> to_matrices(const Napi::Value&);

// Tags of the classes, which differ between devices too: an object of one addon is a stranger to the other.
struct ClassTags {
  static const napi_type_tag buffer, model, environment, rollout, optimizer, trainer;
};

}  // namespace torsor
