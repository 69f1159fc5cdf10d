// Categorical terms of one row, from unnormalised logits. Every function walks the categories through an accessor
// `logit(k)` that gives -infinity where a mask forbids k: such a category has probability 0, adds nothing to the
// entropy and takes no gradient.
#pragma once
#include "fast.h"
#include "philox.h"

namespace torsor::TORSOR_ISA {

template <class N> HD N minus_infinity() { return splat<N>(-Scalar<N>(__builtin_huge_valf())); }

// p ln p, whose limit at p = 0 is 0.
template <class N> HD N p_log_p(N p, N log_p) { return choose(p > 0, N(p * log_p), splat<N>(0)); }

// log_softmax(k) = (logit(k) - max) - log sum exp(logit - max). The two are kept apart: their sum would round away
// what a large max leaves of the logarithm.
template <class N> struct LogNormalizer {
  N largest, log_sum, inverse_sum;
  template <class Logit> HD LogNormalizer(int n, Logit logit) {
    largest = logit(0);
    for (int k = 1; k < n; k++) {
      const N l = logit(k);
      largest = choose(l > largest, l, largest);
    }
    N sum = splat<N>(0);
    for (int k = 0; k < n; k++) {
      const N l = logit(k);
      sum += choose(l == minus_infinity<N>(), splat<N>(0), exp_of(N(l - largest)));
    }
    log_sum = log_of(sum);
    inverse_sum = 1 / sum;
  }
  HD N log_prob(N logit) const { return (logit - largest) - log_sum; }
};

// Not exp(log_prob): the rounding of log_sum would be in every probability of the row, and their sum would not be 1.
template <class N> HD N probability(N logit, const LogNormalizer<N>& z) {
  return choose(logit == minus_infinity<N>(), splat<N>(0), N(exp_of(N(logit - z.largest)) * z.inverse_sum));
}

// -sum p ln p
template <class N, class Logit> HD N categorical_entropy(int n, Logit logit, const LogNormalizer<N>& z) {
  N entropy = splat<N>(0);
  for (int k = 0; k < n; k++) {
    const N l = logit(k);
    entropy -= p_log_p(probability(l, z), z.log_prob(l));
  }
  return entropy;
}

// With h = d_entropy: d entropy / d logit_k = -p_k (ln p_k + entropy); d ln p_a / d logit_k = [k = a] - p_k.
template <class N>
HD N categorical_gradient(N logit, const LogNormalizer<N>& z, N chosen, N entropy, N d_log_prob, N d_entropy) {
  const N p = probability(logit, z);
  const N slope = choose(logit == minus_infinity<N>(), splat<N>(0), N(chosen - p));  // chosen or not
  return d_log_prob * slope - d_entropy * (p_log_p(p, z.log_prob(logit)) + p * entropy);
}

// KL(p || q) = sum p (ln p - ln q): infinite where q forbids what p allows.
template <class N, class LogitP, class LogitQ> HD N categorical_kl(int n, LogitP logit_p, LogitQ logit_q) {
  const LogNormalizer<N> p(n, logit_p), q(n, logit_q);
  N kl = splat<N>(0);
  for (int k = 0; k < n; k++) {
    const N l = logit_p(k);
    kl += p_log_p(probability(l, p), N(p.log_prob(l) - q.log_prob(logit_q(k))));
  }
  return kl;
}

// Gumbel noise: argmax over k of logit_k + noise_k is a sample of the categorical (Gumbel 1954).
template <class N> HD N gumbel(Uint<N> word) {
  // -ln u loses the u that rounds to 1 (see uniform()), where it would be 0 and its logarithm infinite: keep it above
  // half a cell.
  const N exponential = at_least<N>(Scalar<N>(2.98023223876953125e-8), N(-log_of(uniform<N>(word))));
  return -log_of(exponential);
}

}  // namespace torsor::TORSOR_ISA
