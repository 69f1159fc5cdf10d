// Standard normal noise from uniform bits, and Gaussian log-density, entropy and divergence of one dimension.
#pragma once
#include "fast.h"
#include "philox.h"

namespace torsor::TORSOR_ISA {

constexpr double half_log_two_pi = 0.91893853320467274;

// sin and cos of 2 pi u, u in [0, 1]: the nearest quarter turn n, then Cephes' polynomials on [-pi/4, pi/4].
template <class N> HD void sincos_of_turns(N u, N& sine, N& cosine) {
  using S = Scalar<N>;
  if constexpr (same<N, double>) {
    sine = std::sin(u * 6.283185307179586477);
    cosine = std::cos(u * 6.283185307179586477);
  } else {
    const S round = 12582912;  // see exp_parts
    const N shifted = u * 4 + round;
    const Int<N> n = bits(shifted);
    const N x = (u * 4 - (shifted - round)) * S(1.5707963267948966);
    const N z = x * x;
    const N s = polynomial<N>(z, -1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1) * z * x + x;
    const N c =
        polynomial<N>(z, 2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2) * z * z - S(0.5) * z + 1;
    const auto odd = (n & 1) != 0;
    const N a = choose(odd, c, s), b = choose(odd, s, c);
    sine = choose((n & 2) != 0, -a, a);
    cosine = choose(((n + 1) & 2) != 0, -b, b);
  }
}

// Box and Muller: two independent normals from two words.
template <class N> HD void normal_pair(Uint<N> word0, Uint<N> word1, N& first, N& second) {
  const N radius = square_root(N(-2 * log_of(uniform<N>(word0))));
  sincos_of_turns(uniform<N>(word1), first, second);
  first *= radius;
  second *= radius;
}

// log N(mean + exp(log_std) noise; mean, exp(log_std)^2)
template <class N> HD N gaussian_log_prob(N noise, N log_std) {
  using S = Scalar<N>;
  return S(-0.5) * noise * noise - log_std - S(half_log_two_pi);
}

template <class N> HD N gaussian_entropy(N log_std) { return log_std + Scalar<N>(0.5 + half_log_two_pi); }

// KL(p || q) of one dimension, with r = std_p / std_q: -log r + (r^2 - 1 + ((mean_q - mean_p) / std_q)^2) / 2.
// Standard deviations count by their size.
template <class N> HD N gaussian_kl(N mean_p, N std_p, N mean_q, N std_q) {
  using S = Scalar<N>;
  const N r = absolute(N(std_p / std_q)), z = (mean_q - mean_p) / std_q;
  return S(0.5) * ((r - 1) * (r + 1) + z * z) - log_any(r);
}

}  // namespace torsor::TORSOR_ISA
