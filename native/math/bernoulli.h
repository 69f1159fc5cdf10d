// Terms of one bit, from its logit l: P(1) = 1 / (1 + exp(-l)). All of them come from exp(-|l|), so nothing overflows
// and nothing cancels. A logit of -infinity forbids a 1: it has probability 0, adds nothing to the entropy and takes no
// gradient.
#pragma once
#include "categorical.h"

namespace torsor::TORSOR_ISA {

template <class N> struct BernoulliTerms {
  N logit, tail, log_total;  // tail = exp(-|logit|), log_total = log(1 + tail)

  HD explicit BernoulliTerms(N l) : logit(l) {
    // Our own exp stops at the smallest normal number; here it has to go on to 0.
    constexpr double vanishes = same<N, double> ? 746 : 87;
    const N size = absolute(l);
    tail = choose(size > Scalar<N>(vanishes), splat<N>(0), exp_of(N(-size)));
    log_total = log1p_of(tail);
  }

  // P(1) and P(0), neither as a difference from 1.
  HD N one() const { return choose(logit < 0, tail, splat<N>(1)) / (1 + tail); }
  HD N zero() const { return choose(logit < 0, splat<N>(1), tail) / (1 + tail); }
  HD N log_one() const { return at_most<N>(0, logit) - log_total; }
  HD N log_zero() const { return at_most<N>(0, N(-logit)) - log_total; }

  // A value that is neither 0 nor 1 has probability 0.
  HD N log_prob(N value) const {
    return choose(value == 1, log_one(), choose(value == 0, log_zero(), minus_infinity<N>()));
  }

  // -p ln p - (1 - p) ln (1 - p) = log(1 + tail) + |l| tail / (1 + tail)
  HD N entropy() const { return choose(tail == 0, splat<N>(0), N(log_total + absolute(logit) * tail / (1 + tail))); }

  // d ln P(value) / dl = value - P(1); d entropy / dl = -l P(1) P(0).
  HD N gradient(N value, N d_log_prob, N d_entropy) const {
    const N slope = choose(tail == 0, splat<N>(0), N(-logit * tail / ((1 + tail) * (1 + tail))));
    const N sum = d_log_prob * choose(value == 1, zero(), N(-one())) + d_entropy * slope;
    return choose(logit == minus_infinity<N>(), splat<N>(0), sum);
  }
};

// KL(p || q) of one bit: infinite where q forbids what p allows.
template <class N> HD N bernoulli_kl(const BernoulliTerms<N>& p, const BernoulliTerms<N>& q) {
  return p_log_p(p.one(), N(p.log_one() - q.log_one())) + p_log_p(p.zero(), N(p.log_zero() - q.log_zero()));
}

}  // namespace torsor::TORSOR_ISA
