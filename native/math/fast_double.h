// exp, log, tanh and softplus for lanes of doubles, to a few units in the last place; like those of fast.h they divide as little as
// possible, for a division of doubles costs as much as ten multiplications.
#pragma once
#include "number.h"

namespace torsor::TORSOR_ISA {

// 2^x = up / down. With n = round(x) and f = x - n, 2^x = 2^n (P + f Q) / (P - f Q), where f Q(f^2) / P(f^2) = tanh(f ln 2 / 2) for
// |f| <= 1/2 to 5e-18 (rational minimax).
template <class N> struct PowerOfTwo {
  N up, down;
};

template <class N> HD PowerOfTwo<N> power_of_two(N x) {
  using S = Scalar<N>;
  const S round = 6755399441055744;  // 1.5 * 2^52: see exp_parts in fast.h
  const N shifted = x + round;
  const N f = x - (shifted - round), z = f * f;
  const N even = polynomial<N>(z, 2.2893365865530034e-4, 5.3382223242671207e-2, 1.0);
  const N odd = f * polynomial<N>(z, 5.2870874190374641e-6, 4.6248416001345035e-3, 0.34657359027997265);
  return {bit_cast<N>(bits(N(even + odd)) + (bits(shifted) << 52)), even - odd};
}

constexpr double log2_of_e = 1.4426950408889634;

template <class N> HD N double_exp(N x) {
  const N cut = at_most<N>(709, at_least<N>(-708, x));  // inside, 2^n is a normal double
  const PowerOfTwo<N> e = power_of_two(N(cut * log2_of_e));
  return e.up / e.down;
}

// Beyond 20 it is 1 in double.
template <class N> HD N double_tanh(N x) {
  const PowerOfTwo<N> e = power_of_two(N(at_most<N>(20, at_least<N>(-20, x)) * (2 * log2_of_e)));
  return (e.up - e.down) / (e.up + e.down);
}

// 2 atanh(s) = log((1 + s) / (1 - s)) for 0 <= s <= 1/3, to 2e-15.
template <class N> HD N log_of_ratio(N s) {
  return s * polynomial<N>(N(s * s), 0.18774715615113187, 0.11737568143958714, 0.15572042837647234, 0.18169208660515922,
                           0.22222716267702895, 0.28571417751042434, 0.40000000118357772, 0.66666666666169176,
                           2.0000000000000034);
}

// x > 0, normal: x = 2^e m with m in [sqrt(1/2), sqrt(2)).
template <class N> HD N double_log(N x) {
  const int64_t root = 0x3fe6a09e667f3bcd;  // bits of sqrt(1/2)
  const Int<N> i = bits(x) - root;
  const N m = bit_cast<N>((i & 0x000fffffffffffff) + root);
  return from_int<N>(i >> 52) * 0.69314718055994531 + log_of_ratio(N((m - 1) / (m + 1)));
}

// log(1 + e^x) and its derivative, the sigmoid. With e = exp(-|x|): max(x, 0) + 2 atanh(e / (2 + e)).
template <class N> struct Soft {
  N y, derivative;
};

template <class N> HD Soft<N> double_softplus(N x) {
  const PowerOfTwo<N> e = power_of_two(N(at_least<N>(-708, -absolute(x)) * log2_of_e));
  const N y = at_least<N>(0, x) + log_of_ratio(N(e.up / (2 * e.down + e.up)));
  return {y, choose(x < 0, e.up, e.down) / (e.up + e.down)};
}

}  // namespace torsor::TORSOR_ISA
