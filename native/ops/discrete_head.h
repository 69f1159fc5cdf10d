// Heads of independent choices: one categorical, several, or bits. Parameter: logits; what a mask forbids gets the logit
// -infinity. The latent is the value of each choice, as a float; log-probability and entropy are sums over them.
#pragma once
#include "program/instruction.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

// In place: nothing reads the unmasked logits after the head.
template <class Tile> HD void mask_logits(const Tile& t, const Head& h, const uint8_t* mask, int g) {
  if (!mask) return;
  for (int k = 0; k < h.n; k++) {
    auto& logit = t.at(h.parameter[0].column + k, g);
    logit = t.masked(mask, h.n, k, g, logit);
  }
}

// Choices::each(t, p, g, f) calls f(choice, latent column) for every choice of a group of rows. A choice has
//   act(io, block, log_prob): the likeliest value, or one drawn, and its log-probability added; `block` holds the noise of
//     the logits up to its first, as a block serves four logits, of whichever choices;
//   evaluate(value, log_prob, entropy): both added;
//   backward(value, entropy of the head, d_log_prob, d_entropy): writes the gradients of its logits.
template <class Choices> struct DiscreteHead {
  template <class Tile> static HD void act(const Tile& t, const Program& p, const StepIO& io) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, io.mask, g);
      PhiloxBlock<N> block;
      N log_prob = splat<N>(0);
      Choices::each(t, p, g, [&](auto choice, int latent) { t.at(latent, g) = choice.act(io, block, log_prob); });
      t.at(h.log_prob, g) = log_prob;
    });
    if (io.choice) t.store_index(h.latent, h.latent_width, io.choice);
    if (io.latent) t.store(h.latent, h.latent_width, io.latent);
    t.store(h.log_prob, 1, io.log_prob);
  }

  template <class Tile> static HD void evaluate(const Tile& t, const Program& p, const uint8_t* mask, bool, int, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, mask, g);
      N log_prob = splat<N>(0), entropy = splat<N>(0);
      Choices::each(t, p, g, [&](auto choice, int latent) { choice.evaluate(N(t.at(latent, g)), log_prob, entropy); });
      t.at(h.log_prob, g) = log_prob;
      t.at(h.entropy, g) = h.entropy_scale * entropy;
    });
  }

  template <class Tile> static HD void backward(const Tile& t, const Program& p, const uint8_t*, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    if (h.parameter[0].gradient < 0) return;
    t.each_group([&](int g) {
      const N entropy = t.at(h.entropy, g), d_log_prob = t.at(h.d_log_prob, g),
              d_entropy = h.entropy_scale * t.at(h.d_entropy, g);
      Choices::each(t, p, g, [&](auto choice, int latent) {
        choice.backward(N(t.at(latent, g)), entropy, d_log_prob, d_entropy);
      });
    });
  }
};

}  // namespace torsor::TORSOR_ISA
