// Bijectors of one dimension, with log |dy/dx| and derivatives. Log-dets are written in even, well-conditioned forms:
// finite wherever the true value fits the number type, without differences of large terms.
#pragma once
#include "fast.h"

namespace torsor::TORSOR_ISA {

// One dimension through a scalar bijector: y, log |dy/dx|, dy/dx, and the derivative of log |dy/dx| with respect to
// x. What a caller does not read costs nothing, so one function serves values and gradients. Inverses return the same
// with x and y swapped.
template <class N> struct Terms {
  N y, log_det, slope, d_log_det;
};

// The parameters of one step for one dimension.
template <class S> struct Parameters {
  const S* first;
  int dims;
  HD S operator[](int p) const { return first[p * dims]; }
};

constexpr double ln2 = 0.69314718055994531;

template <class N> HD N infinity_of() { return splat<N>(Scalar<N>(__builtin_huge_val())); }

// tanh and log(1 - tanh^2) = 2 (log 2 - |x| - log(1 + e)) with e = exp(-2|x|). Near 0 tanh is (1 - e) / (1 + e), from
// expm1; from one half on it is 1 - 2e / (1 + e), which is the nearer to 1 the more exact: the inverse enlarges
// errors there.
template <class N> HD Terms<N> tanh_terms(N x) {
  using S = Scalar<N>;
  const N size = absolute(x);
  const ExpPair<N> p = exp_pair(N(-2 * size));
  const N e = p.exp, sum = 1 + e;
  const auto near = size < S(0.55);
  const N quotient = choose(near, -p.expm1, 2 * e) / sum, y = choose(near, quotient, 1 - quotient);
  const N signed_y = choose(x < 0, -y, y);
  return {signed_y, 2 * (S(ln2) - size - log_of(sum)), 4 * e / (sum * sum), -2 * signed_y};
}

// The inverse, and -log(1 - y^2) as a product of factors that are exact near the ends.
template <class N> HD Terms<N> atanh_terms(N y) {
  const N size = absolute(y), rest = (1 - size) * (1 + size);
  return {atanh_of(y), -log_any(rest), 1 / rest, 2 * y / rest};
}

struct IdentityBijector {
  static constexpr const char* name = "identity";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = true;
  template <class N, class P> static HD Terms<N> forward(P, N x) { return {x, splat<N>(0), splat<N>(1), splat<N>(0)}; }
  template <class N, class P> static HD Terms<N> inverse(P, N y) { return {y, splat<N>(0), splat<N>(1), splat<N>(0)}; }
};

// y = centre + half tanh(x / width). `limit` is 1 - eps, rounded to the number type: the inverse clips there, outside
// it the gradients are 0. `log_scale` is log(half / width), computed once in double.
struct BoxBijector {
  static constexpr const char* name = "box";
  static constexpr int parameters = 5, centre = 0, half = 1, width = 2, limit = 3, log_scale = 4;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P p, N x) {
    const Terms<N> t = tanh_terms(N(x / p[width]));
    return {p[centre] + p[half] * t.y, p[log_scale] + t.log_det, p[half] / p[width] * t.slope, t.d_log_det / p[width]};
  }
  template <class N, class P> static HD Terms<N> inverse(P p, N y) {
    const N u = (y - p[centre]) / p[half], clipped = at_most<N>(p[limit], at_least<N>(-p[limit], u));
    const Terms<N> t = atanh_terms(clipped);
    const auto inside = clipped == u;
    return {p[width] * t.y, t.log_det - p[log_scale], choose(inside, N(p[width] / p[half] * t.slope), splat<N>(0)),
            choose(inside, N(t.d_log_det / p[half]), splat<N>(0))};
  }
};

struct TanhBijector {
  static constexpr const char* name = "tanh";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P, N x) { return tanh_terms(x); }
  template <class N, class P> static HD Terms<N> inverse(P, N y) { return atanh_terms(y); }
};

// log sigmoid'(x) = -|x| - 2 log(1 + exp(-|x|)).
struct SigmoidBijector {
  static constexpr const char* name = "sigmoid";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P, N x) {
    const N size = absolute(x), e = exp_of(-size), s = 1 / (1 + e), bend = (e - 1) * s;
    return {choose(x < 0, N(e * s), s), -size - 2 * log1p_of(e), e * s * s, choose(x < 0, -bend, bend)};
  }
  // With m the smaller of y and 1 - y: |x| = log(1 - m) - log m, near the middle log1p((1 - 2 m) / m), whose argument
  // is exact.
  template <class N, class P> static HD Terms<N> inverse(P, N y) {
    using S = Scalar<N>;
    const N rest = 1 - y, m = choose(y < rest, y, rest), log_m = log_any(m), log_rest = log_any(N(1 - m));
    const N size = choose(m > S(0.25), log1p_of(N((1 - 2 * m) / at_least<N>(S(0.25), m))), N(log_rest - log_m));
    const N slope = 1 / (y * rest);
    return {choose(y < rest, -size, size), -log_m - log_rest, slope, (2 * y - 1) * slope};
  }
};

struct SoftplusBijector {
  static constexpr const char* name = "softplus";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P, N x) {
    return {softplus(x), -softplus(-x), sigmoid(x), sigmoid(-x)};
  }
  // x = log(exp(y) - 1) = y + log q with q = 1 - exp(-y) = dy/dx.
  template <class N, class P> static HD Terms<N> inverse(P, N y) {
    const N q = -expm1_of(-y), log_q = log_any(q);
    return {y + log_q, -log_q, 1 / q, 1 - 1 / q};
  }
};

struct ExpBijector {
  static constexpr const char* name = "exp";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P, N x) {
    const N y = exp_of(x);
    return {y, x, y, splat<N>(1)};
  }
  template <class N, class P> static HD Terms<N> inverse(P, N y) {
    const N x = log_any(y), slope = 1 / y;
    return {x, -x, slope, -slope};
  }
};

// y = scale x + shift. `log_scale` is log |scale|.
struct ScalarAffineBijector {
  static constexpr const char* name = "scalar_affine";
  static constexpr int parameters = 3, scale = 0, shift = 1, log_scale = 2;
  static constexpr bool vector = false, constant = true;
  template <class N, class P> static HD Terms<N> forward(P p, N x) {
    return {p[scale] * x + p[shift], splat<N>(p[log_scale]), splat<N>(p[scale]), splat<N>(0)};
  }
  template <class N, class P> static HD Terms<N> inverse(P p, N y) {
    return {(y - p[shift]) / p[scale], splat<N>(-p[log_scale]), splat<N>(1 / p[scale]), splat<N>(0)};
  }
};

// y = exp(-exp(-x)), the distribution function of Gumbel noise. The float exponential stops growing at 88 and
// shrinking at -87; here infinity and 0 are wanted beyond, as the C library's gives them for double.
struct GumbelCdfBijector {
  static constexpr const char* name = "gumbel_cdf";
  static constexpr int parameters = 0;
  static constexpr bool vector = false, constant = false;
  template <class N, class P> static HD Terms<N> forward(P, N x) {
    constexpr int growing = same<N, double> ? 709 : 88, shrinking = same<N, double> ? 745 : 87;
    const N zero = splat<N>(0), e = choose(x < -growing, infinity_of<N>(), exp_of(-x));
    const N y = choose(e > shrinking, zero, exp_of(-e));
    return {y, -x - e, choose(e > shrinking, zero, y * e), e - 1};
  }
  // With l = -log y: x = -log l, log |dx/dy| = l - log l; at y = 0, where l is infinite, its limit is infinite too.
  template <class N, class P> static HD Terms<N> inverse(P, N y) {
    const N l = -log_any(y), log_l = log_any(l);
    return {-log_l, choose(l == infinity_of<N>(), l, N(l - log_l)), 1 / (y * l), (1 / l - 1) / y};
  }
};

}  // namespace torsor::TORSOR_ISA
