// Functions of numbers by name, for distributions and tests: f reads `inputs` numbers and writes `outputs`.
#pragma once
#include "activation.h"
#include "bernoulli.h"
#include "gaussian.h"
#include "hermite.h"

namespace torsor::TORSOR_ISA {

namespace functions {

struct Exp {
  static constexpr const char* name = "exp";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = exp_of(x[0]); }
};

struct Expm1 {
  static constexpr const char* name = "expm1";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = expm1_of(x[0]); }
};

struct Log {
  static constexpr const char* name = "log";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = log_any(x[0]); }
};

struct Log1p {
  static constexpr const char* name = "log1p";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = log1p_of(x[0]); }
};

struct Tanh {
  static constexpr const char* name = "tanh";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = tanh_of(x[0]); }
};

struct RatioTanh {
  static constexpr const char* name = "ratio_tanh";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = ratio_tanh(x[0]); }
};

struct RatioExp {
  static constexpr const char* name = "ratio_exp";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = ratio_exp(x[0]); }
};

struct RatioLog {
  static constexpr const char* name = "ratio_log";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) {
    if constexpr (is_double<N>)
      y[0] = ratio_log(x[0]);
    else
      y[0] = log_any(x[0]);
  }
};

// Value and derivative.
struct RatioSoftplus {
  static constexpr const char* name = "ratio_softplus";
  static constexpr int inputs = 1, outputs = 2;
  template <class N> static HD void f(const N* x, N* y) {
    const Soft<N> s = ratio_softplus(x[0]);
    y[0] = s.y;
    y[1] = s.derivative;
  }
};

// The derivative of a spline after a share of an interval, from the slopes of the interval before and of its own.
struct HermiteSlope {
  static constexpr const char* name = "hermite_slope";
  static constexpr int inputs = 3, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = x[1] + own_slope(x[0]) * (x[2] - x[1]); }
};

struct Atanh {
  static constexpr const char* name = "atanh";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = atanh_of(x[0]); }
};

struct Erf {
  static constexpr const char* name = "erf";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = erf_of(x[0]); }
};

// Sine and cosine of x turns, x in [0, 1].
struct SinCos {
  static constexpr const char* name = "sincos";
  static constexpr int inputs = 1, outputs = 2;
  template <class N> static HD void f(const N* x, N* y) { sincos_of_turns(x[0], y[0], y[1]); }
};

struct NormalCdf {
  static constexpr const char* name = "normal_cdf";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = normal_cdf(x[0]); }
};

struct LogNormalCdf {
  static constexpr const char* name = "log_normal_cdf";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = log_normal_cdf(x[0]); }
};

// (x, mean, std) to log-density and its derivatives with respect to x and std; that of the mean is minus that of x.
struct GaussianLogProb {
  static constexpr const char* name = "gaussian_log_prob";
  static constexpr int inputs = 3, outputs = 3;
  template <class N> static HD void f(const N* x, N* y) {
    const N z = (x[0] - x[1]) / x[2];
    y[0] = gaussian_log_prob(z, log_any(absolute(x[2])));
    y[1] = -z / x[2];
    y[2] = (z * z - 1) / x[2];
  }
};

struct GaussianEntropy {
  static constexpr const char* name = "gaussian_entropy";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = gaussian_entropy(log_any(absolute(x[0]))); }
};

// (mean, std) of p, then of q.
struct GaussianKl {
  static constexpr const char* name = "gaussian_kl";
  static constexpr int inputs = 4, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = gaussian_kl(x[0], x[1], x[2], x[3]); }
};

// A logit to P(1), P(0) and their logarithms.
struct Bernoulli {
  static constexpr const char* name = "bernoulli";
  static constexpr int inputs = 1, outputs = 4;
  template <class N> static HD void f(const N* x, N* y) {
    const BernoulliTerms<N> bit(x[0]);
    y[0] = bit.one();
    y[1] = bit.zero();
    y[2] = bit.log_one();
    y[3] = bit.log_zero();
  }
};

struct BernoulliEntropy {
  static constexpr const char* name = "bernoulli_entropy";
  static constexpr int inputs = 1, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = BernoulliTerms<N>(x[0]).entropy(); }
};

// (logit, value, dL/dlog-probability, dL/dentropy) to dL/dlogit.
struct BernoulliGradient {
  static constexpr const char* name = "bernoulli_gradient";
  static constexpr int inputs = 4, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) { y[0] = BernoulliTerms<N>(x[0]).gradient(x[1], x[2], x[3]); }
};

// Logits of p and of q.
struct BernoulliKl {
  static constexpr const char* name = "bernoulli_kl";
  static constexpr int inputs = 2, outputs = 1;
  template <class N> static HD void f(const N* x, N* y) {
    y[0] = bernoulli_kl(BernoulliTerms<N>(x[0]), BernoulliTerms<N>(x[1]));
  }
};

}  // namespace functions

using Functions =
    List<functions::Exp, functions::Expm1, functions::Log, functions::Log1p, functions::Tanh, functions::RatioTanh,
         functions::RatioExp, functions::RatioLog, functions::RatioSoftplus, functions::HermiteSlope, functions::Atanh,
         functions::Erf, functions::SinCos, functions::NormalCdf, functions::LogNormalCdf, functions::GaussianLogProb,
         functions::GaussianEntropy, functions::GaussianKl, functions::Bernoulli, functions::BernoulliEntropy,
         functions::BernoulliGradient, functions::BernoulliKl>;

// An activation as a function with two outputs: value and derivative.
template <class A> struct ActivationFunction {
  static constexpr int inputs = 1, outputs = 2;
  template <class N> static HD void f(const N* x, N* y) {
    y[0] = A::f(x[0]);
    y[1] = A::df(x[0], y[0]);
  }
};

}  // namespace torsor::TORSOR_ISA
