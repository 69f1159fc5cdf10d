// Head of independent bits. Parameter: logits. The latent is the bits, as floats.
#pragma once
#include "math/bernoulli.h"
#include "ops/masked_logits.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

struct BernoulliHead {
  static constexpr const char* name = "bernoulli";

  template <class Tile> static HD void act(const Tile& t, const Program& p, const StepIO& io) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, io.mask, g);
      PhiloxBlock<N> block;
      N log_prob = splat<N>(0);
      for (int d = 0; d < h.n; d++) {
        const BernoulliTerms<N> bit(t.at(h.parameter[0].column + d, g));
        // The likelier value: P(1) > 1/2 where the logit is positive. A uniform number is never 0 and at most 1, so a bit
        // of probability 1 is always set and one of probability 0 never.
        N rest = -bit.logit, level = splat<N>(0);
        if (!io.deterministic) {
          if (d % 4 == 0) block = noise_block<N>(io.noise, t.row(g), d / 4);
          rest = bit.zero();
          level = uniform<N>(block.word[d % 4]);
        }
        const N value = choose(level > rest, splat<N>(1), splat<N>(0));
        t.at(h.latent + d, g) = value;
        log_prob += bit.log_prob(value);
      }
      t.at(h.log_prob, g) = log_prob;
    });
    if (io.choice) t.store_index(h.latent, h.n, io.choice);
    if (io.latent) t.store(h.latent, h.n, io.latent);
    t.store(h.log_prob, 1, io.log_prob);
  }

  template <bool Training, class Tile>
  static HD void evaluate(const Tile& t, const Program& p, const uint8_t* mask, bool, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, mask, g);
      N log_prob = splat<N>(0), entropy = splat<N>(0);
      for (int d = 0; d < h.n; d++) {
        const BernoulliTerms<N> bit(t.at(h.parameter[0].column + d, g));
        log_prob += bit.log_prob(N(t.at(h.latent + d, g)));
        entropy += bit.entropy();
      }
      t.at(h.log_prob, g) = log_prob;
      t.at(h.entropy, g) = h.entropy_scale * entropy;
    });
  }

  template <class Tile> static HD void backward(const Tile& t, const Program& p, const uint8_t*, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    if (h.parameter[0].gradient < 0) return;
    t.each_group([&](int g) {
      const N d_log_prob = t.at(h.d_log_prob, g), d_entropy = h.entropy_scale * t.at(h.d_entropy, g);
      for (int d = 0; d < h.n; d++) {
        const BernoulliTerms<N> bit(t.at(h.parameter[0].column + d, g));
        t.at(h.parameter[0].gradient + d, g) = bit.gradient(N(t.at(h.latent + d, g)), d_log_prob, d_entropy);
      }
    });
  }
};

}  // namespace torsor::TORSOR_ISA
