// See convert.h.
#include "napi/convert.h"

#include <cmath>

#include "device/status.h"
#include "napi/buffer.h"

namespace torsor {

static napi_type_tag tag(uint64_t number) {
  for (const char* letter = device_name; *letter; letter++) number = number << 8 | uint8_t(*letter);
  return {0x746f72736f72u, number};
}

const napi_type_tag ClassTags::buffer = tag(1), ClassTags::model = tag(2), ClassTags::environment = tag(3),
                    ClassTags::rollout = tag(4), ClassTags::optimizer = tag(5), ClassTags::trainer = tag(6);

Napi::Error to_javascript(Napi::Env env, const Error& e) {
  Napi::Error error = Napi::Error::New(env, e.what());
  error.Set("code", Napi::String::New(env, e.code));
  return error;
}

void check_processor(const char* name, int processor) {
  const std::string device = std::string(device_name) + ":";
  if (processor != current_processor())
    throw Error("INVALID_DEVICE", std::string(name) + ": it is on " + device + std::to_string(processor) +
                                      ", what it is given to on " + device + std::to_string(current_processor()));
}

bool absent(const Napi::Value& value) { return value.IsEmpty() || value.IsUndefined() || value.IsNull(); }

static const char* type_name(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return "Float32Array";
    case napi_float64_array:
      return "Float64Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint8_array:
      return "Uint8Array";
    default:
      return "typed array of another type";
  }
}

static void* memory(const Napi::Value& value, const char* name, int64_t count, napi_typedarray_type wanted,
                    int64_t element) {
  const auto too_short = [&](int64_t got) {
    return Error("INVALID_SHAPE", std::string(name) + ": expected at least " + std::to_string(count) +
                                      " elements, got " + std::to_string(got));
  };
  if (value.IsTypedArray()) {
    napi_typedarray_type type;
    size_t length;
    void* data;
    if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok)
      throw Error("INVALID_ARGUMENT", std::string(name) + ": not a readable typed array");
    if (type == napi_uint8_clamped_array) type = napi_uint8_array;
    if (type != wanted)
      throw Error("INVALID_DTYPE",
                  std::string(name) + ": expected a " + type_name(wanted) + ", got a " + type_name(type));
    if (int64_t(length) < count) throw too_short(int64_t(length));
    return data;
  }
  if (value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&ClassTags::buffer)) {
    const Buffer& buffer = BufferWrap::Unwrap(value.As<Napi::Object>())->buffer(name);
    check_processor(name, buffer.processor());
    if (buffer.bytes() < count * element) throw too_short(buffer.bytes() / element);
    return buffer.data();
  }
  throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a " + type_name(wanted) + " or a native buffer");
}

float* floats(const Napi::Value& value, const char* name, int64_t count) {
  return static_cast<float*>(memory(value, name, count, napi_float32_array, 4));
}
double* doubles(const Napi::Value& value, const char* name, int64_t count) {
  return static_cast<double*>(memory(value, name, count, napi_float64_array, sizeof(double)));
}
int32_t* ints(const Napi::Value& value, const char* name, int64_t count) {
  return static_cast<int32_t*>(memory(value, name, count, napi_int32_array, 4));
}
uint8_t* bytes(const Napi::Value& value, const char* name, int64_t count) {
  return static_cast<uint8_t*>(memory(value, name, count, napi_uint8_array, 1));
}

double number(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integer(const Napi::Value& value, const char* name, int64_t low, int64_t high) {
  const double x = number(value, name);
  if (x != std::floor(x) || x < double(low) || x > double(high))
    throw Error("INVALID_ARGUMENT", std::string(name) + ": expected an integer from " + std::to_string(low) + " to " +
                                        std::to_string(high) + ", got " + std::to_string(x));
  return int64_t(x);
}

std::string text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a string");
  return value.As<Napi::String>().Utf8Value();
}

Napi::Object object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw Error("INVALID_ARGUMENT", std::string(name) + ": expected an object");
  return value.As<Napi::Object>();
}

Napi::Array array(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw Error("INVALID_ARGUMENT", std::string(name) + ": expected an array");
  return value.As<Napi::Array>();
}

std::vector<int> int_list(const Napi::Value& value, const char* name) {
  const Napi::Array list = array(value, name);
  std::vector<int> out;
  for (uint32_t k = 0; k < list.Length(); k++) out.push_back(int(integer(list.Get(k), name, -1, INT32_MAX)));
  return out;
}

Noise to_noise(const Napi::Value& value, int64_t places) {
  const Napi::Object key = object(value, "key");
  Noise noise;
  noise.seed = uint64_t(integer(key.Get("seedLow"), "key.seedLow", 0, UINT32_MAX)) |
               uint64_t(integer(key.Get("seedHigh"), "key.seedHigh", 0, UINT32_MAX)) << 32;
  noise.stream = uint32_t(integer(key.Get("stream"), "key.stream", 0, UINT16_MAX));
  noise.counter = uint64_t(integer(key.Get("counter"), "key.counter", 0, (int64_t(1) << 48) - places));
  return noise;
}

BijectorOperation to_bijector(const Napi::Value& value) {
  const Napi::Object o = object(value, "bijector");
  BijectorOperation b;
  b.name = text(o.Get("name"), "bijector.name");
  b.inverse = o.Get("inverse").ToBoolean();
  if (!absent(o.Get("size"))) b.size = int(integer(o.Get("size"), "bijector.size", 1, INT32_MAX));
  const Napi::Array parameters = array(o.Get("parameters"), "bijector.parameters");
  for (uint32_t k = 0; k < parameters.Length(); k++) {
    const Napi::Value values = parameters.Get(k);
    if (!values.IsTypedArray() || values.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
      throw Error("INVALID_DTYPE", "bijector.parameters: expected Float64Arrays");
    const Napi::Float64Array list = values.As<Napi::Float64Array>();
    b.parameters.emplace_back(list.Data(), list.Data() + list.ElementLength());
  }
  return b;
}

OptimizerConfig to_optimizer_config(const Napi::Value& value) {
  const Napi::Object o = object(value, "optimizer");
  return {text(o.Get("name"), "optimizer.name"),
          float(number(o.Get("beta1"), "optimizer.beta1")),
          float(number(o.Get("beta2"), "optimizer.beta2")),
          float(number(o.Get("epsilon"), "optimizer.epsilon")),
          float(number(o.Get("weightDecay"), "optimizer.weightDecay")),
          o.Get("nesterov").ToBoolean()};
}

std::vector<Matrix> to_matrices(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw Error("INVALID_ARGUMENT", "shapes: expected an Int32Array");
  const int64_t length = int64_t(value.As<Napi::TypedArray>().ElementLength());
  const int32_t* shapes = ints(value, "shapes", length);
  std::vector<Matrix> matrices;
  for (int64_t k = 0; k + 3 <= length; k += 3) matrices.push_back({shapes[k], shapes[k + 1], shapes[k + 2]});
  return matrices;
}

}  // namespace torsor
