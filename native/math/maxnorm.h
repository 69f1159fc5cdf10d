// The bijector that keeps the norm of a whole action below a limit; every dimension mixes with every other.
//   y = s tanh(r) x / r,   r = sqrt(sum x^2 + eps^2)                              (smooth at 0)
//   log |det J| = d log s + (d - 1) log k + log(1 - tanh^2 r),   k = tanh(r) / r
// which is the exact log-det of the map without eps, taken at the smoothed radius: d - 1 directions across the ray
// stretch by s k, one along it by s (1 - tanh^2 r).
#pragma once
#include "scalar_bijectors.h"

namespace torsor::TORSOR_ISA {

// sqrt(sum e^2 + eps^2), where squares may leave the range of floats: scaled by a power of two, which is exact.
template <class N, class Event> HD N smooth_norm(int dims, Scalar<N> eps, Event&& e) {
  using S = Scalar<N>;
  N largest = splat<N>(eps);
  for (int d = 0; d < dims; d++) {
    const N size = absolute(N(e(d)));
    largest = choose(size > largest, size, largest);
  }
  const S up = S(1180591620717411303424.0), down = 1 / up;  // 2^70
  const N one = splat<N>(1);
  const N scale = choose(largest > S(1e15), splat<N>(down), choose(largest < S(1e-15), splat<N>(up), one));
  const N unscale = choose(largest > S(1e15), splat<N>(up), choose(largest < S(1e-15), splat<N>(down), one));
  N sum = eps * scale * (eps * scale);
  for (int d = 0; d < dims; d++) {
    const N x = e(d) * scale;
    sum += x * x;
  }
  return square_root(sum) * unscale;
}

// What depends on the radius alone: k, q = 1 - tanh^2 r, the log-det without d log s, and bend = (q - k) / r^2.
template <class N> struct RadialTerms {
  N k, q, log_det, bend;
};

template <class N> HD RadialTerms<N> radial_terms(int dims, N r) {
  using S = Scalar<N>;
  const Terms<N> t = tanh_terms(r);
  const N k = choose(r > 0, N(t.y / r), splat<N>(1));
  // q and k agree to r^2, so near 0 their difference is a series: tanh r = sum c_n r^(2n+1) gives bend = sum 2n c_n
  // r^(2n-2). Its seven terms leave an error of 0.0094 r^14; the quotient loses r^-2. They meet at the radii below.
  const N series = polynomial<N>(N(r * r), -0.020381681418718454, 0.043105536438869774, -0.08863235529902197,
                                 0.17495590828924162, -0.32380952380952381, 0.53333333333333333, -0.66666666666666667);
  const N quotient = (t.slope - k) / r / r;
  const N bend = choose(r < S(same<N, double> ? 0.1 : 0.4), series, quotient);
  return {k, t.slope, S(dims - 1) * log_any(k) + t.log_det, bend};
}

// With r the radius: (d/dr of the log-det) / r, so that its gradient with respect to x is x times this.
template <class N> HD N radial_log_det_slope(int dims, const RadialTerms<N>& t) {
  return Scalar<N>(dims - 1) * t.bend / t.k - 2 * t.k;
}

// `limit` is 1 - eps in the number type, as in BoxBijector; `scale` is s = (1 - eps) max_norm, `log_scale` its
// logarithm. Events are callables: `N& e(int d)`. Every dimension has the same parameters, those of dimension 0 are
// read.
struct MaxNormBijector {
  static constexpr const char* name = "maxnorm";
  static constexpr int parameters = 4, scale = 0, eps = 1, limit = 2, log_scale = 3;
  static constexpr bool vector = true, constant = false;

  template <class N, class P, class Event> static HD void forward(P p, int dims, Event&& e, N& log_det) {
    const RadialTerms<N> t = radial_terms(dims, smooth_norm<N>(dims, p[eps], e));
    for (int d = 0; d < dims; d++) e(d) = p[scale] * t.k * e(d);
    log_det += Scalar<N>(dims) * p[log_scale] + t.log_det;
  }

  // x = a y / rho with rho the smoothed radius of y and a = atanh(rho / s), clipped. Off by the order of eps near the
  // origin.
  template <class N> struct Inverse {
    N stretch, a, slope, radius;
  };
  template <class N, class P, class Event> static HD Inverse<N> inverse_terms(P p, int dims, Event&& e) {
    const N rho = smooth_norm<N>(dims, p[eps], e), u = rho / p[scale], clipped = at_most<N>(p[limit], u);
    const Terms<N> t = atanh_terms(clipped);
    const N stretch = choose(rho > 0, N(t.y / rho), splat<N>(1 / p[scale]));
    return {stretch, t.y, choose(clipped == u, N(t.slope / p[scale]), splat<N>(0)),
            square_root(N(t.y * t.y + p[eps] * p[eps]))};
  }

  template <class N, class P, class Event> static HD void inverse(P p, int dims, Event&& e, N& log_det) {
    const Inverse<N> t = inverse_terms<N>(p, dims, e);
    for (int d = 0; d < dims; d++) e(d) = t.stretch * e(d);
    log_det -= Scalar<N>(dims) * p[log_scale] + radial_terms(dims, t.radius).log_det;
  }

  // Reverse mode: g comes as dF/dy and leaves as d(F + log_det)/dx. From dk/dr = (q - k) / r = bend r,
  //   dy_i/dx_j = s (k [i = j] + bend x_i x_j),   d log_det / dx_j = x_j radial_log_det_slope.
  template <class N, class P, class Event, class Gradient>
  static HD void forward_gradient(P p, int dims, Event&& e, Gradient&& g, N& log_det) {
    const RadialTerms<N> t = radial_terms(dims, smooth_norm<N>(dims, p[eps], e));
    N dot = splat<N>(0);
    for (int d = 0; d < dims; d++) dot += g(d) * e(d);
    const N along = p[scale] * t.bend * dot + radial_log_det_slope(dims, t);
    for (int d = 0; d < dims; d++) g(d) = p[scale] * t.k * g(d) + along * e(d);
    log_det += Scalar<N>(dims) * p[log_scale] + t.log_det;
  }

  // The same backwards, with h = a / rho, a' = da/drho and R = sqrt(a^2 + eps^2):
  //   dx_i/dy_j = h [i = j] + (a' - h) y_i y_j / rho^2,   d log_det / dy_j = -radial_log_det_slope(R) a a' y_j / rho.
  template <class N, class P, class Event, class Gradient>
  static HD void inverse_gradient(P p, int dims, Event&& e, Gradient&& g, N& log_det) {
    const Inverse<N> t = inverse_terms<N>(p, dims, e);
    const RadialTerms<N> radial = radial_terms(dims, t.radius);
    const N rho = smooth_norm<N>(dims, p[eps], e);
    N dot = splat<N>(0);  // of g with y / rho: squares of rho may leave the range
    for (int d = 0; d < dims; d++) dot += g(d) * (e(d) / rho);
    const N along = (t.slope - t.stretch) * dot - radial_log_det_slope(dims, radial) * t.a * t.slope;
    for (int d = 0; d < dims; d++) g(d) = t.stretch * g(d) + along * (e(d) / rho);
    log_det -= Scalar<N>(dims) * p[log_scale] + radial.log_det;
  }
};

}  // namespace torsor::TORSOR_ISA
