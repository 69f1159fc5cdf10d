// Head of independent bits. The latent is the bits.
#pragma once
#include "math/bernoulli.h"
#include "ops/discrete_head.h"

namespace torsor::TORSOR_ISA {

// Bit d of a head.
template <class Tile> struct BitChoice {
  using N = typename Tile::N;
  const Tile& t;
  const Head& h;
  int d, g;

  HD BernoulliTerms<N> terms() const { return BernoulliTerms<N>(t.at(h.parameter[0].column + d, g)); }

  // The likelier value: P(1) > 1/2 where the logit is positive. A uniform number is never 0 and at most 1, so a bit of
  // probability 1 is always set and one of probability 0 never.
  HD N act(const StepIO& io, PhiloxBlock<N>& block, N& log_prob) const {
    const BernoulliTerms<N> bit = terms();
    N rest = -bit.logit, level = splat<N>(0);
    if (!io.deterministic) {
      if (d % 4 == 0) block = noise_block<N>(io.noise, t.row(g), d / 4);
      rest = bit.zero();
      level = uniform<N>(block.word[d % 4]);
    }
    const N value = choose(level > rest, splat<N>(1), splat<N>(0));
    log_prob += bit.log_prob(value);
    return value;
  }

  HD void evaluate(N value, N& log_prob, N& entropy) const {
    const BernoulliTerms<N> bit = terms();
    log_prob += bit.log_prob(value);
    entropy += bit.entropy();
  }

  HD void backward(N value, N, N d_log_prob, N d_entropy) const {
    t.at(h.parameter[0].gradient + d, g) = terms().gradient(value, d_log_prob, d_entropy);
  }
};

struct Bits {
  template <class Tile, class F> static HD void each(const Tile& t, const Program& p, int g, F f) {
    for (int d = 0; d < p.head.n; d++) f(BitChoice<Tile>{t, p.head, d, g}, p.head.latent + d);
  }
};

struct BernoulliHead : DiscreteHead<Bits> {
  static constexpr const char* name = "bernoulli";
};

}  // namespace torsor::TORSOR_ISA
