// See mathematics.h: bijectors of one dimension, chains of them, and the expectation of their log-dets.
#include "math/quadrature.h"
#include "napi/mathematics.h"
#include "program/build.h"

namespace torsor {

using namespace TORSOR_ISA;

// A chain in JavaScript's hands: constants in the number type of the call.
template <class S> struct BoundChain {
  BijectorChain chain;
  std::vector<S> constants;

  BoundChain(const Napi::Value& value, int dims) {
    const Napi::Array list = array(value, "bijectors");
    std::vector<BijectorOperation> bijectors;
    for (uint32_t k = 0; k < list.Length(); k++) bijectors.push_back(to_bijector(list.Get(k)));
    constants = chain_constants<S>(bijectors, dims, chain);
  }
};

// One bijector element by element, with the parameters of each element: y, log |dy/dx|, dy/dx, d log |dy/dx| / dx.
static void scalar_bijector(const Napi::CallbackInfo& info) {
  const std::string name = text(info[0], "name");
  const bool inverse = info[1].ToBoolean();
  const Napi::Array parameters = array(info[2], "parameters"), outputs = array(info[4], "outputs");
  const int64_t count = length_of(info[3], "x");
  const Reals reals(info[3]);
  int kind = 0;
  while (kind < Bijectors::size && name != Bijectors::names[kind]) kind++;
  if (kind == Bijectors::size) throw Error("UNKNOWN_NAME", "no bijector '" + name + "' in the native core");
  Bijectors::visit(kind, [&](auto b) {
    using B = decltype(b);
    if constexpr (B::vector) {
      throw Error("INVALID_ARGUMENT", "bijector '" + name + "' mixes dimensions: it runs as a chain");
    } else {
      if (parameters.Length() != uint32_t(B::parameters) || outputs.Length() != 4)
        throw Error("INVALID_ARGUMENT",
                    "bijector '" + name + "': expected " + std::to_string(B::parameters) + " parameters and 4 outputs");
      by_type(reals, [&](auto number) {
        using S = decltype(number);
        const S *const x = reals.array<S>(info[3], "x", count), *from[B::parameters + 1];
        int step[B::parameters + 1];
        S* out[4];
        for (uint32_t k = 0; k < uint32_t(B::parameters); k++)
          from[k] = reals.array<S>(parameters.Get(k), "parameter", count, true, &step[k]);
        for (uint32_t k = 0; k < 4; k++) out[k] = reals.array<S>(outputs.Get(k), "output", count);
        for (int64_t i = 0; i < count; i++) {
          S value[B::parameters + 1];
          for (int k = 0; k < B::parameters; k++) value[k] = from[k][i * step[k]];
          const Parameters<S> p{value, 1};
          const Terms<S> t = inverse ? B::template inverse<S>(p, x[i]) : B::template forward<S>(p, x[i]);
          out[0][i] = t.y;
          out[1][i] = t.log_det;
          out[2][i] = t.slope;
          out[3][i] = t.d_log_det;
        }
      });
    }
  });
}

static void chain(const Napi::CallbackInfo& info) {
  const int dims = int(integer(info[1], "dims", 1, INT32_MAX));
  const bool inverse = info[2].ToBoolean();
  const int64_t rows = rows_of(info[3], "x", dims);
  const Reals reals(info[3]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    const BoundChain<S> bound(info[0], dims);
    const S* const x = reals.array<S>(info[3], "x", rows * dims);
    S *const y = reals.array<S>(info[4], "y", rows * dims), *const log_det = reals.array<S>(info[5], "logDet", rows);
    for (int64_t r = 0; r < rows; r++) {
      for (int d = 0; d < dims; d++) y[r * dims + d] = x[r * dims + d];
      const Event<S> event{y + r * dims, 1};
      log_det[r] = 0;
      if (inverse)
        chain_inverse<S>(bound.chain, bound.constants.data(), event, log_det[r]);
      else
        chain_forward<S>(bound.chain, bound.constants.data(), event, log_det[r]);
    }
  });
}

static void chain_gradients(const Napi::CallbackInfo& info) {
  const int dims = int(integer(info[1], "dims", 1, max_event));
  const bool inverse = info[2].ToBoolean();
  const int64_t rows = rows_of(info[3], "x", dims);
  const Reals reals(info[3]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    const BoundChain<S> bound(info[0], dims);
    const S* const x = reals.array<S>(info[3], "x", rows * dims);
    S* const gradient = reals.array<S>(info[4], "gradient", rows * dims);
    for (int64_t r = 0; r < rows; r++)
      chain_gradient<S>(
          bound.chain, dims, inverse, bound.constants.data(), [&](int d) { return x[r * dims + d]; },
          Event<S>{gradient + r * dims, 1});
  });
}

static void expectation(const Napi::CallbackInfo& info) {
  const int dims = int(integer(info[1], "dims", 1, INT32_MAX));
  const int64_t rows = rows_of(info[2], "mean", dims);
  const Reals reals(info[2]);
  by_type(reals, [&](auto number) {
    using S = decltype(number);
    const BoundChain<S> bound(info[0], dims);
    const S *const mean = reals.array<S>(info[2], "mean", rows * dims), *const std =
                                                                            reals.array<S>(info[3], "std", rows * dims);
    S* const expected = reals.array<S>(info[4], "expectation", rows);
    S *const d_mean = reals.array<S>(info[5], "dMean", rows * dims), *const d_std =
                                                                         reals.array<S>(info[6], "dStd", rows * dims);
    for (int64_t r = 0; r < rows; r++) {
      const int64_t at = r * dims;
      expected[r] = log_det_expectation<S>(
          bound.chain, bound.constants.data(), [&](int d) { return mean[at + d]; }, [&](int d) { return std[at + d]; },
          Event<S>{d_mean + at, 1}, Event<S>{d_std + at, 1});
    }
  });
}

void init_bijectors(Napi::Env env, Napi::Object exports) {
  export_function(env, exports, "bijector", scalar_bijector);
  export_function(env, exports, "chain", chain);
  export_function(env, exports, "chainGradient", chain_gradients);
  export_function(env, exports, "logDetExpectation", expectation);
}

}  // namespace torsor
