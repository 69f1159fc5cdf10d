// The error function and the normal distribution function, accurate in the tails. For N = double the C library's, see
// fast.h.
#pragma once
#include "fast.h"

namespace torsor::TORSOR_ISA {

// exp(a^2) erfc(a) for a >= 0, float: (1 + 2a) times it is a smooth function of t = (a - 2) / (a + 2) on [-1, 1],
// fitted by a polynomial of relative error 5.4e-8 (Lawson's iteration on Chebyshev nodes, in 40 digits).
template <class N> HD N scaled_erfc(N a) {
  using S = Scalar<N>;
  const N t = 1 - 4 / (a + 2);
  return polynomial<N>(t, 1.5546355691e-4, -1.8362496134e-4, -1.3827342677e-3, 1.0430734852e-3, 8.6782330076e-3,
                       -7.9426644252e-3, -5.4208258149e-2, 1.6403582264e-1, -1.6603152287e-1, -9.2763080744e-2,
                       1.2769783988) /
         (1 + S(2) * a);
}

// exp(-a^2), float, without the error that rounding a^2 would leave: with h the upper bits of a, h^2 is exact, and
// the rest d = (a - h)(a + h) is below 2^-10 a^2, so that four terms of its exponential suffice.
template <class N> HD N exp_minus_square(N a) {
  using S = Scalar<N>;
  const N h = bit_cast<N>(bits(a) & int32_t(0xfffff000));
  const N d = (a - h) * (a + h), e = exp_of(-h * h);
  return e - e * (d * (1 - d * (S(0.5) - d * (S(0.16666667) - d * S(0.041666667)))));
}

// erfc(a) for a >= 0. Beyond 9.3 its float would be denormal.
template <class N> HD N erfc_of_size(N a) {
  if constexpr (same<N, double>)
    return std::erfc(a);
  else {
    const N c = at_most<N>(Scalar<N>(9.3), a);
    return exp_minus_square(c) * scaled_erfc(c);
  }
}

template <class N> HD N erf_of(N x) {
  if constexpr (same<N, double>)
    return std::erf(x);
  else {
    const N size = absolute(x), rest = 1 - erfc_of_size(size);
    // Inside 1 erf(x) / x is a polynomial of x^2, relative error 1.2e-9.
    const N inside = x * polynomial<N>(at_most<N>(1, N(x * x)), 7.8538546056e-5, -8.0101915824e-4, 5.1883274533e-3,
                                       -2.6853811813e-2, 1.1283585146e-1, -3.7612625824e-1, 1.1283791657);
    return choose(size < 1, inside, choose(x < 0, -rest, rest));
  }
}

constexpr double sqrt_half = 0.70710678118654752;

// P(Z <= x) for a standard normal Z.
template <class N> HD N normal_cdf(N x) {
  using S = Scalar<N>;
  const N tail = S(0.5) * erfc_of_size(N(absolute(x) * S(sqrt_half)));
  return choose(x < 0, tail, N(1 - tail));
}

// Its logarithm, also where the value itself is below the number type. With a = -x / sqrt 2: -a^2 + log(exp(a^2)
// erfc(a) / 2).
template <class N> HD N log_normal_cdf(N x) {
  using S = Scalar<N>;
  const N a = absolute(x) * S(sqrt_half), above = log1p_of(N(S(-0.5) * erfc_of_size(a)));
  if constexpr (same<N, double>) {
    if (a < 25) return x < 0 ? std::log(0.5 * std::erfc(a)) : above;
    const double z = 1 / (2 * a * a);  // erfc(a) = exp(-a^2) / (a sqrt pi) (1 - z + 3 z^2 - 15 z^3 + ...)
    return x < 0 ? -a * a - std::log(2 * 1.7724538509055159 * a) + std::log1p(-z * (1 - z * (3 - z * (15 - 105 * z))))
                 : above;
  } else {
    return choose(x < 0, N(log_of(N(S(0.5) * scaled_erfc(a))) - S(0.5) * x * x), above);
  }
}

}  // namespace torsor::TORSOR_ISA
