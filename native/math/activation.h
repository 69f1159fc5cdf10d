// Activations: f(x), and df(x, y), the derivative at x where y = f(x) may save work. Finite at every finite x: what
// multiplies a saturated exponential is cut first. Names and conventions at kinks are those of jax.nn, on which
// trained networks rely.
#pragma once
#include "erf.h"
#include "list.h"

namespace torsor::TORSOR_ISA {

struct Identity {
  static constexpr const char* name = "identity";
  template <class N> static HD N f(N x) { return x; }
  template <class N> static HD N df(N, N) { return splat<N>(1); }
};

struct Relu {
  static constexpr const char* name = "relu";
  template <class N> static HD N f(N x) { return at_least<N>(0, x); }
  template <class N> static HD N df(N x, N) { return choose(x > 0, splat<N>(1), splat<N>(0)); }
};

struct Tanh {
  static constexpr const char* name = "tanh";
  template <class N> static HD N f(N x) { return tanh_of(x); }
  template <class N> static HD N df(N, N y) { return 1 - y * y; }
};

struct Sigmoid {
  static constexpr const char* name = "sigmoid";
  template <class N> static HD N f(N x) { return sigmoid(x); }
  template <class N> static HD N df(N, N y) { return y * (1 - y); }
};

// Beyond 88 the float sigmoid no longer moves, so its factor must not grow either.
struct Silu {
  static constexpr const char* name = "silu";
  template <class N> static HD N f(N x) { return at_least<N>(-88, x) * sigmoid(x); }
  template <class N> static HD N df(N x, N) {
    const N z = at_most<N>(88, at_least<N>(-88, x)), e = exp_of(-z), s = 1 / (1 + e);
    return s + z * s * (e * s);  // e s = 1 - s without cancellation
  }
};

// Hendrycks and Gimpel's tanh form: x (1 + tanh(u / 2)) / 2 = x sigmoid(u) with u = 2 sqrt(2 / pi) (x + 0.044715 x^3).
// At |x| = 9.9, u is 85: the sigmoid is 0 or 1 to 36 digits, and exp needs no limits of its own.
struct Gelu {
  static constexpr const char* name = "gelu";
  static constexpr double a = 1.5957691216057308, b = a * 0.044715, limit = 9.9;
  template <class N> static HD N u(N x) {
    using S = Scalar<N>;
    return x * (S(a) + S(b) * x * x);
  }
  template <class N> static HD N f(N x) {
    const N above = at_least<N>(-limit, x);
    return above * (1 / (1 + exp_within(-u(at_most<N>(limit, above)))));
  }
  template <class N> static HD N df(N x, N) {
    using S = Scalar<N>;
    const N z = at_most<N>(limit, at_least<N>(-limit, x)), e = exp_within(-u(z)), s = 1 / (1 + e);
    return s + z * s * (e * s) * (S(a) + S(3 * b) * z * z);  // e s = 1 - s; as a difference it costs 16 ULP at x = 5
  }
};

// x P(Z <= x) for a standard normal Z; its derivative adds x times the density.
struct GeluExact {
  static constexpr const char* name = "gelu_exact";
  template <class N> static HD N f(N x) { return at_least<N>(-14, x) * normal_cdf(x); }
  template <class N> static HD N df(N x, N) {
    using S = Scalar<N>;
    const N z = at_most<N>(14, at_least<N>(-14, x));
    return normal_cdf(x) + z * S(0.39894228040143268) * exp_of(S(-0.5) * z * z);
  }
};

struct Elu {
  static constexpr const char* name = "elu";
  template <class N> static HD N f(N x) { return choose(x > 0, x, expm1_of(at_most<N>(0, x))); }
  template <class N> static HD N df(N x, N y) { return choose(x > 0, splat<N>(1), y + 1); }
};

// The general form divides x by alpha inside; with alpha = 1, its default, it is elu.
struct Celu : Elu {
  static constexpr const char* name = "celu";
};

// Klambauer et al. 2017: the scale and alpha that keep mean 0 and variance 1.
struct Selu {
  static constexpr const char* name = "selu";
  static constexpr double scale = 1.0507009873554804934, scale_alpha = scale * 1.6732632423543772848;
  template <class N> static HD N f(N x) {
    using S = Scalar<N>;
    return choose(x > 0, N(S(scale) * x), N(S(scale_alpha) * expm1_of(at_most<N>(0, x))));
  }
  template <class N> static HD N df(N x, N y) {
    using S = Scalar<N>;
    return choose(x > 0, splat<N>(S(scale)), y + S(scale_alpha));
  }
};

// The g of Feng et al. 2024 ("Were RNNs all we needed?"): positive and increasing, so that states made of it have a logarithm.
struct LinearSigmoid {
  static constexpr const char* name = "linear_sigmoid";
  template <class N> static HD N f(N x) { return choose(x >= 0, N(x + Scalar<N>(0.5)), sigmoid(x)); }
  template <class N> static HD N df(N x, N y) { return choose(x >= 0, splat<N>(1), N(y * (1 - y))); }
};

struct Softplus {
  static constexpr const char* name = "softplus";
  template <class N> static HD N f(N x) { return softplus(x); }
  template <class N> static HD N df(N x, N) { return sigmoid(x); }
};

struct LeakyRelu {
  static constexpr const char* name = "leaky_relu";
  template <class N> static HD N f(N x) { return choose(x >= 0, x, N(Scalar<N>(0.01) * x)); }
  template <class N> static HD N df(N x, N) { return choose(x >= 0, splat<N>(1), splat<N>(Scalar<N>(0.01))); }
};

struct LogSigmoid {
  static constexpr const char* name = "log_sigmoid";
  template <class N> static HD N f(N x) { return -softplus(-x); }
  template <class N> static HD N df(N x, N) { return sigmoid(-x); }
};

struct SoftSign {
  static constexpr const char* name = "soft_sign";
  template <class N> static HD N f(N x) { return x / (1 + absolute(x)); }
  template <class N> static HD N df(N x, N) {
    const N s = 1 / (1 + absolute(x));
    return s * s;
  }
};

struct HardTanh {
  static constexpr const char* name = "hard_tanh";
  template <class N> static HD N f(N x) { return at_most<N>(1, at_least<N>(-1, x)); }
  template <class N> static HD N df(N x, N) { return choose((x >= -1) & (x <= 1), splat<N>(1), splat<N>(0)); }
};

struct Relu6 {
  static constexpr const char* name = "relu6";
  template <class N> static HD N f(N x) { return at_most<N>(6, at_least<N>(0, x)); }
  template <class N> static HD N df(N x, N) { return choose((x > 0) & (x < 6), splat<N>(1), splat<N>(0)); }
};

struct HardSigmoid {
  static constexpr const char* name = "hard_sigmoid";
  template <class N> static HD N f(N x) { return Relu6::f(N(x + 3)) / 6; }
  template <class N> static HD N df(N x, N y) { return Relu6::df(N(x + 3), y) / 6; }
};

struct HardSilu {
  static constexpr const char* name = "hard_silu";
  template <class N> static HD N f(N x) { return x * HardSigmoid::f(x); }
  template <class N> static HD N df(N x, N y) { return HardSigmoid::f(x) + x * HardSigmoid::df(x, y); }
};

// x w with w = tanh(softplus(x)) = e^x (e^x + 2) / (e^x (e^x + 2) + 2); with e = exp(-|x|) both signs of x stay in
// range. w' = (1 - w^2) sigmoid(x), where 1 - w = 2 e^2 / (1 + 2e + 2e^2) for x >= 0 and 2 / (e^2 + 2e + 2) below.
struct Mish {
  static constexpr const char* name = "mish";
  template <class N> static HD N f(N x) {
    const N e = exp_of(-absolute(x)), up = (1 + 2 * e) / (1 + 2 * e + 2 * e * e),
            down = e * (e + 2) / (e * (e + 2) + 2);
    return choose(x < 0, at_least<N>(-88, x) * down, x * up);
  }
  template <class N> static HD N df(N x, N) {
    const N z = at_most<N>(88, at_least<N>(-88, x)), e = exp_of(-absolute(z)), up = 1 + 2 * e + 2 * e * e,
            down = e * (e + 2) + 2;
    const N rest = choose(z < 0, 2 / down, 2 * e * e / up), w = choose(z < 0, e * (e + 2) / down, (1 + 2 * e) / up);
    return w + z * rest * (1 + w) * choose(z < 0, e, splat<N>(1)) / (1 + e);
  }
};

// (x + r) / 2 with r = sqrt(x^2 + 4), below 0 as 2 / (r - x), which is the same without cancellation; its derivative
// is y / r.
struct Squareplus {
  static constexpr const char* name = "squareplus";
  template <class N> static HD N root(N x) {
    const N size = absolute(x), z = at_most<N>(Scalar<N>(1e9), size);  // beyond, the 4 is below the last bit
    return choose(size > z, size, square_root(N(z * z + 4)));
  }
  template <class N> static HD N f(N x) {
    const N sum = root(x) + absolute(x);
    return choose(x < 0, 2 / sum, Scalar<N>(0.5) * sum);
  }
  template <class N> static HD N df(N x, N y) { return y / root(x); }
};

using Activations = List<Identity, Relu, Tanh, Sigmoid, Silu, Gelu, GeluExact, Elu, Celu, Selu, Softplus, LinearSigmoid,
                         LeakyRelu, LogSigmoid, SoftSign, HardTanh, HardSigmoid, HardSilu, Relu6, Mish, Squareplus>;

}  // namespace torsor::TORSOR_ISA
