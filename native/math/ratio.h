// exp, log, tanh and softplus that divide once, to a few units in the last place of their largest values: for lanes of doubles, and where many of
// them are needed. The derivative of softplus costs a second division.
#pragma once
#include "number.h"

namespace torsor::TORSOR_ISA {

// 2^x = up / down. With n = round(x) and f = x - n, 2^x = 2^n (P + f Q) / (P - f Q), where f Q(f^2) / P(f^2) = tanh(f ln 2 / 2) for
// |f| <= 1/2 to 5e-18, in float to 5e-10 (rational minimax).
template <class N> struct PowerOfTwo {
  N up, down;
};

template <class N> HD PowerOfTwo<N> power_of_two(N x) {
  using S = Scalar<N>;
  constexpr int fraction_bits = is_double<N> ? 52 : 23;
  const S round = is_double<N> ? S(6755399441055744) : S(12582912);  // 1.5 * 2^fraction_bits: see exp_parts in fast.h
  const N shifted = x + round;
  const N f = x - (shifted - round), z = f * f;
  N even, odd;
  if constexpr (is_double<N>) {
    even = polynomial<N>(z, 2.2893365865530034e-4, 5.3382223242671207e-2, 1.0);
    odd = f * polynomial<N>(z, 5.2870874190374641e-6, 4.6248416001345035e-3, 0.34657359027997265);
  } else {
    even = polynomial<N>(z, 4.80349786121e-2, 1.0);
    odd = f * polynomial<N>(z, 2.77164117373e-3, 0.346573590096);
  }
  return {bit_cast<N>(bits(N(even + odd)) + (bits(shifted) << fraction_bits)), even - odd};
}

// Where 2^n is normal, and so is what is made of it.
template <class N> constexpr double exp_limit = is_double<N> ? 708 : 87;
constexpr double log2_of_e = 1.4426950408889634;

template <class N> HD N ratio_exp(N x) {
  const N cut = at_most<N>(exp_limit<N>, at_least<N>(-exp_limit<N>, x));
  const PowerOfTwo<N> e = power_of_two(N(cut * Scalar<N>(log2_of_e)));
  return e.up / e.down;
}

// Beyond 20 it is 1 in double.
template <class N> HD N ratio_tanh(N x) {
  const PowerOfTwo<N> e = power_of_two(N(at_most<N>(20, at_least<N>(-20, x)) * Scalar<N>(2 * log2_of_e)));
  return (e.up - e.down) / (e.up + e.down);
}

// 2 atanh(s) = log((1 + s) / (1 - s)) for 0 <= s <= 1/3, to 2e-15, in float to 4e-9 (minimax).
template <class N> HD N log_of_ratio(N s) {
  const N z = s * s;
  if constexpr (is_double<N>)
    return s * polynomial<N>(z, 0.18774715615113187, 0.11737568143958714, 0.15572042837647234, 0.18169208660515922,
                             0.22222716267702895, 0.28571417751042434, 0.40000000118357772, 0.66666666666169176,
                             2.0000000000000034);
  else
    return s * polynomial<N>(z, 0.281783323926, 0.279606032384, 0.400249102567, 0.666663146835, 2.0);
}

// Of a double > 0, normal: x = 2^e m with m in [sqrt(1/2), sqrt(2)).
template <class N> HD N ratio_log(N x) {
  static_assert(is_double<N>);
  const int64_t root = 0x3fe6a09e667f3bcd;  // bits of sqrt(1/2)
  const Int<N> i = bits(x) - root;
  const N m = bit_cast<N>((i & 0x000fffffffffffff) + root);
  return from_int<N>(i >> 52) * 0.69314718055994531 + log_of_ratio(N((m - 1) / (m + 1)));
}

// log(1 + e^x) and its derivative, the sigmoid. With e = exp(-|x|): max(x, 0) + 2 atanh(e / (2 + e)).
template <class N> struct Soft {
  N y, derivative;
};

template <class N> HD Soft<N> ratio_softplus(N x) {
  const PowerOfTwo<N> e = power_of_two(N(at_least<N>(-exp_limit<N>, -absolute(x)) * Scalar<N>(log2_of_e)));
  const N y = at_least<N>(0, x) + log_of_ratio(N(e.up / (2 * e.down + e.up)));
  return {y, choose(x < 0, e.up, e.down) / (e.up + e.down)};
}

}  // namespace torsor::TORSOR_ISA
