// exp, expm1, log, log1p, tanh, sigmoid, softplus: our own, so that CPU lanes and CUDA threads run the same lines.
// Bounds in ULP are in test/math/functions.test.ts. For N = double these are the C library's: tests need a
// reference; for lanes of doubles see ratio.h.
// All need round-to-nearest and IEEE order of operations: never compile with -ffast-math or --use_fast_math.
#pragma once
#include "ratio.h"

namespace torsor::TORSOR_ISA {

// exp(x) = 2^n (1 + q): n = round(x / ln 2), r = x - n ln 2 with ln 2 in two parts (Cody and Waite), q = exp(r) - 1.
template <class N> struct ExpParts {
  N power_of_two, q;
};

template <class N> HD ExpParts<N> exp_parts(N x) {
  using S = Scalar<N>;
  const S round = 12582912;  // 1.5 * 2^23: a sum with it has no room for a fraction, and its low bits are the integer
  const N shifted = x * S(1.44269504088896341) + round;
  const N n = shifted - round;
  const N r = (x - n * S(0.693359375)) + n * S(2.12194440e-4);  // the first product is exact, it has few bits
  const N p =
      polynomial<N>(r, 1.3950535794720054e-3, 8.368918672204018e-3, 4.166620597243309e-2, 1.66665181517601e-1, 0.5);
  return {bit_cast<N>((bits(shifted) << 23) + 0x3f800000), r + r * r * p};
}

// The domain is cut where 2^n would leave the normal floats: the result is never infinite and never denormal.
template <class N> HD N exp_domain(N x) { return at_most<N>(88, at_least<N>(-87, x)); }

template <class N> HD N exp_of(N x) {
  if constexpr (same<N, double>)
    return std::exp(x);
  else if constexpr (is_double<N>)
    return ratio_exp(x);
  else {
    const ExpParts<N> e = exp_parts(exp_domain(x));
    return e.power_of_two + e.power_of_two * e.q;
  }
}

// The same for -87 <= x <= 88, which the caller vouches for.
template <class N> HD N exp_within(N x) {
  if constexpr (same<N, double>)
    return std::exp(x);
  else {
    const ExpParts<N> e = exp_parts(x);
    return e.power_of_two + e.power_of_two * e.q;
  }
}

// exp(x) - 1 without cancellation near 0, because q is small there and 2^n - 1 is exact.
template <class N> HD N expm1_of(N x) {
  if constexpr (same<N, double>)
    return std::expm1(x);
  else {
    const ExpParts<N> e = exp_parts(exp_domain(x));
    return e.power_of_two * e.q + (e.power_of_two - 1);
  }
}

// Both at once: the parts are the same.
template <class N> struct ExpPair {
  N exp, expm1;
};

template <class N> HD ExpPair<N> exp_pair(N x) {
  if constexpr (same<N, double>)
    return {std::exp(x), std::expm1(x)};
  else {
    const ExpParts<N> e = exp_parts(exp_domain(x));
    return {e.power_of_two + e.power_of_two * e.q, e.power_of_two * e.q + (e.power_of_two - 1)};
  }
}

// x > 0, normal. x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m by the polynomial of Cephes logf.
template <class N> HD N log_of(N x) {
  if constexpr (same<N, double>)
    return std::log(x);
  else if constexpr (is_double<N>)
    return ratio_log(x);
  else {
    using S = Scalar<N>;
    const Int<N> i = bits(x) - 0x3f3504f3;  // bits of sqrt(1/2): the exponent now changes where m does
    const N e = from_int<N>(i >> 23);
    const N f = bit_cast<N>((i & 0x007fffff) + 0x3f3504f3) - 1;
    const N z = f * f;
    const N p = polynomial<N>(f, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                              -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1);
    return (f + (f * z * p - e * S(2.12194440e-4) - S(0.5) * z)) + e * S(0.693359375);
  }
}

// The logarithm of any x: -infinity at 0, NaN below, infinity at infinity, denormals scaled up by 2^25 first.
template <class N> HD N log_any(N x) {
  if constexpr (same<N, double>)
    return std::log(x);
  else {
    using S = Scalar<N>;
    const S infinity = S(__builtin_huge_valf());
    const auto small = x < S(1.17549435e-38);  // the smallest normal float
    const N y =
        log_of(choose(small, N(x * S(33554432)), x)) - choose(small, splat<N>(S(17.328679513998633)), splat<N>(0));
    const N zero_or_nan = choose(x == 0, splat<N>(-infinity), N(x - x + S(__builtin_nanf(""))));
    return choose((x > 0) & (x < infinity), y, choose(x == infinity, x, zero_or_nan));
  }
}

// log(1 + x) for x > -1, finite: log of the rounded sum, plus what rounding lost.
template <class N> HD N log1p_of(N x) {
  if constexpr (same<N, double>)
    return std::log1p(x);
  else {
    const N u = 1 + x;
    return log_of(u) + (x - (u - 1)) / u;
  }
}

template <class N> HD N sigmoid(N x) { return 1 / (1 + exp_of(-x)); }

// tanh(x) = t / (t + 2) with t = exp(2x) - 1; beyond 9.02 it is 1 in float.
template <class N> HD N tanh_of(N x) {
  if constexpr (same<N, double>)
    return std::tanh(x);
  else if constexpr (is_double<N>)
    return ratio_tanh(x);
  else {
    const N t = expm1_of(2 * at_most<N>(10, x));
    return t / (t + 2);
  }
}

// atanh(x) = log((1 + |x|) / (1 - |x|)) / 2 with the sign of x: infinite at 1, NaN beyond. 1 - |x| is exact near 1.
template <class N> HD N atanh_of(N x) {
  if constexpr (same<N, double>)
    return std::atanh(x);
  else {
    using S = Scalar<N>;
    const N size = absolute(x), rest = 1 - size;
    const N infinite = splat<N>(S(__builtin_huge_valf())), undefined = splat<N>(S(__builtin_nanf("")));
    const N y = S(0.5) * log1p_of(N(2 * size / rest));
    const N z = choose(rest > 0, y, choose(rest == 0, infinite, undefined));
    return choose(x < 0, -z, z);
  }
}

template <class N> HD N softplus(N x) {
  if constexpr (is_double<N> && is_vector<N>)
    return ratio_softplus(x).y;
  else
    return at_least<N>(0, x) + log1p_of(exp_of(-absolute(x)));
}

}  // namespace torsor::TORSOR_ISA
