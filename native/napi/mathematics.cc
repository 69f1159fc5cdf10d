// See mathematics.h: arrays of numbers, functions, noise and categorical terms.
#include "napi/mathematics.h"

#include "device/functions.h"
#include "math/categorical.h"
#include "math/functions.h"
#include "program/noise.h"

namespace torsor {

using namespace TORSOR_ISA;

int64_t length_of(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray()) throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a typed array");
  return int64_t(value.As<Napi::TypedArray>().ElementLength());
}

int64_t rows_of(const Napi::Value& value, const char* name, int64_t width) {
  const int64_t length = length_of(value, name);
  if (length % width)
    throw Error("INVALID_SHAPE", std::string(name) + ": expected rows of " + std::to_string(width) + ", got " +
                                     std::to_string(length) + " numbers");
  return length / width;
}

Reals::Reals(const Napi::Value& first) {
  if (!first.IsTypedArray() ||
      ((type_ = first.As<Napi::TypedArray>().TypedArrayType()) != napi_float32_array && type_ != napi_float64_array))
    throw Error("INVALID_DTYPE", "expected a Float32Array or a Float64Array");
}

void* Reals::memory(const Napi::Value& value, const char* name, int64_t count, bool or_one, int* step) const {
  const int64_t length = length_of(value, name);
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, nullptr, &data, nullptr, nullptr) != napi_ok || type != type_)
    throw Error("INVALID_DTYPE", std::string(name) + ": expected a " + (is_double() ? "Float64Array" : "Float32Array") +
                                     ", as the other arrays of the call are");
  if (length != count && !(or_one && length == 1))
    throw Error("INVALID_SHAPE",
                std::string(name) + ": expected " + std::to_string(count) + " numbers, got " + std::to_string(length));
  if (step) *step = or_one && length == 1 ? 0 : 1;
  return data;
}

static int index_of(const char* const* names, int size, const std::string& name, const char* what) {
  for (int k = 0; k < size; k++)
    if (name == names[k]) return k;
  throw Error("UNKNOWN_NAME", std::string("no ") + what + " '" + name + "' in the native core");
}

static void apply(bool activation, int index, const Napi::Array& inputs, const Napi::Array& outputs, uint32_t n_in,
                  uint32_t n_out) {
  if (inputs.Length() != n_in || outputs.Length() < 1 || outputs.Length() > n_out)
    throw Error("INVALID_ARGUMENT",
                "expected " + std::to_string(n_in) + " inputs and 1 to " + std::to_string(n_out) + " outputs");
  const Reals reals(outputs.Get(0u));
  const int64_t count = length_of(outputs.Get(0u), "output");
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    FunctionIO<S> io{};
    io.count = count;
    for (uint32_t k = 0; k < n_in; k++) io.in[k] = reals.array<S>(inputs.Get(k), "input", count, true, &io.step[k]);
    for (uint32_t k = 0; k < outputs.Length(); k++) io.out[k] = reals.array<S>(outputs.Get(k), "output", count);
    if (count == 0) return;
    if constexpr (std::is_same_v<S, double>)
      function_kernels().apply_double(activation, index, io);
    else
      function_kernels().apply(activation, index, io);
  });
}

static void apply_function(const Napi::CallbackInfo& info) {
  const int index = index_of(Functions::names, Functions::size, text(info[0], "name"), "function");
  Functions::visit(index, [&](auto f) {
    apply(false, index, array(info[1], "inputs"), array(info[2], "outputs"), f.inputs, f.outputs);
  });
}

static void apply_activation(const Napi::CallbackInfo& info) {
  const int index = index_of(Activations::names, Activations::size, text(info[0], "name"), "activation");
  const Napi::Array inputs = Napi::Array::New(info.Env()), outputs = Napi::Array::New(info.Env());
  inputs.Set(0u, info[1]);
  outputs.Set(0u, info[2]);
  if (!absent(info[3])) outputs.Set(1u, info[3]);
  apply(true, index, inputs, outputs, 1, 2);
}

static Napi::Value philox_block(const Napi::CallbackInfo& info) {
  return converted(info.Env(), [&] {
    const auto words = [&](int k, const char* name, size_t count) {
      if (!info[k].IsTypedArray() || info[k].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array ||
          info[k].As<Napi::Uint32Array>().ElementLength() != count)
        throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a Uint32Array of " + std::to_string(count));
      return info[k].As<Napi::Uint32Array>().Data();
    };
    const uint32_t *counter = words(0, "counter", 4), *key = words(1, "key", 2);
    const PhiloxBlock<float> block =
        philox<float>({{counter[0], counter[1], counter[2], counter[3]}}, key[0] | uint64_t(key[1]) << 32);
    Napi::Uint32Array result = Napi::Uint32Array::New(info.Env(), 4);
    for (int k = 0; k < 4; k++) result.Data()[k] = block.word[k];
    return Napi::Value(result);
  });
}

static void random_bits(const Napi::CallbackInfo& info) {
  const Noise noise = to_noise(info[0]);
  const int64_t width = integer(info[1], "width", 1, int64_t(1) << 32), rows = rows_of(info[2], "target", width);
  if (info[2].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array)
    throw Error("INVALID_DTYPE", "target: expected a Uint32Array");
  uint32_t* const target = info[2].As<Napi::Uint32Array>().Data();
  for (int64_t row = 0; row < rows; row++)
    for (int64_t block = 0; block * 4 < width; block++) {
      const PhiloxBlock<float> words = noise_block<float>(noise, uint32_t(row), uint32_t(block));
      for (int k = 0; k < 4 && block * 4 + k < width; k++) target[row * width + block * 4 + k] = words.word[k];
    }
}

static void fill_noise(const Napi::CallbackInfo& info) {
  static const char* const kinds[] = {"uniform", "normal", "gumbel"};
  const NoiseKind kind = NoiseKind(index_of(kinds, 3, text(info[0], "kind"), "noise"));
  const Noise noise = to_noise(info[1]);
  const int64_t width = integer(info[2], "width", 1, int64_t(1) << 32), rows = rows_of(info[3], "target", width);
  const Reals reals(info[3]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    S* const target = reals.array<S>(info[3], "target", rows * width);
    if constexpr (std::is_same_v<S, double>)
      function_kernels().noise_double(kind, noise, rows, width, target);
    else
      function_kernels().noise(kind, noise, rows, width, target);
  });
}

// f(row accessor, row) for rows of logits.
template <class S, class F> static void each_row(const S* logits, int n, int64_t rows, F f) {
  for (int64_t r = 0; r < rows; r++) f([=](int k) { return logits[r * n + k]; }, r);
}

static void categorical(const Napi::CallbackInfo& info) {
  const int n = int(integer(info[0], "categories", 1, INT32_MAX));
  const int64_t rows = rows_of(info[1], "logits", n);
  const Reals reals(info[1]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    S *const log_probs = reals.array<S>(info[2], "logProbs", rows * n), *const probs =
                                                                            reals.array<S>(info[3], "probs", rows * n);
    S* const entropy = reals.array<S>(info[4], "entropy", rows);
    each_row(reals.array<S>(info[1], "logits", rows * n), n, rows, [&](auto logit, int64_t r) {
      const LogNormalizer<S> z(n, logit);
      for (int k = 0; k < n; k++) {
        probs[r * n + k] = probability(logit(k), z);
        log_probs[r * n + k] = z.log_prob(logit(k));
      }
      entropy[r] = categorical_entropy(n, logit, z);
    });
  });
}

static void categorical_gradients(const Napi::CallbackInfo& info) {
  const int n = int(integer(info[0], "categories", 1, INT32_MAX));
  const int64_t rows = rows_of(info[1], "logits", n);
  const int32_t* const choice = ints(info[2], "choice", rows);
  const Reals reals(info[1]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    const S *const d_log_prob = reals.array<S>(info[3], "dLogProb", rows), *const d_entropy = reals.array<S>(
                                                                               info[4], "dEntropy", rows);
    S* const gradient = reals.array<S>(info[5], "gradient", rows * n);
    each_row(reals.array<S>(info[1], "logits", rows * n), n, rows, [&](auto logit, int64_t r) {
      const LogNormalizer<S> z(n, logit);
      const S entropy = categorical_entropy(n, logit, z);
      for (int k = 0; k < n; k++)
        gradient[r * n + k] =
            categorical_gradient(logit(k), z, S(k == choice[r]), entropy, d_log_prob[r], d_entropy[r]);
    });
  });
}

static void categorical_divergence(const Napi::CallbackInfo& info) {
  const int n = int(integer(info[0], "categories", 1, INT32_MAX));
  const int64_t rows = rows_of(info[1], "p", n);
  const Reals reals(info[1]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    const S* const q = reals.array<S>(info[2], "q", rows * n);
    S* const kl = reals.array<S>(info[3], "kl", rows);
    each_row(reals.array<S>(info[1], "p", rows * n), n, rows,
             [&](auto p, int64_t r) { kl[r] = categorical_kl<S>(n, p, [&](int k) { return q[r * n + k]; }); });
  });
}

static Napi::Array function_list(Napi::Env env) {
  const Napi::Array list = Napi::Array::New(env);
  for (int k = 0; k < Functions::size; k++)
    Functions::visit(k, [&](auto f) {
      const Napi::Object entry = Napi::Object::New(env);
      entry.Set("name", f.name);
      entry.Set("inputs", f.inputs);
      entry.Set("outputs", f.outputs);
      list.Set(uint32_t(k), entry);
    });
  return list;
}

void init_mathematics(Napi::Env env, Napi::Object exports) {
  exports.Set("functions", function_list(env));
  exports.Set("philox", Napi::Function::New(env, philox_block, "philox"));
  export_function(env, exports, "apply", apply_function);
  export_function(env, exports, "activation", apply_activation);
  export_function(env, exports, "bits", random_bits);
  export_function(env, exports, "noise", fill_noise);
  export_function(env, exports, "categorical", categorical);
  export_function(env, exports, "categoricalGradient", categorical_gradients);
  export_function(env, exports, "categoricalKl", categorical_divergence);
  init_bijectors(env, exports);
}

}  // namespace torsor
