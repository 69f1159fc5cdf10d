// Categorical head. Parameter: logits. The latent is the chosen index, as a float.
#pragma once
#include "math/categorical.h"
#include "program/instruction.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

struct CategoricalHead {
  static constexpr const char* name = "categorical";

  // Forbidden categories get the logit -infinity, in place: nothing reads the unmasked logits after the head.
  template <class Tile> static HD void apply(const Tile& t, const Head& h, const uint8_t* mask, int g) {
    if (!mask) return;
    for (int k = 0; k < h.n; k++) {
      auto& logit = t.at(h.parameter[0].column + k, g);
      logit = t.masked(mask, h.n, k, g, logit);
    }
  }

  template <class Tile> static HD void act(const Tile& t, const Program& p, const StepIO& io) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      apply(t, h, io.mask, g);
      const auto logit = [&](int k) { return N(t.at(h.parameter[0].column + k, g)); };
      PhiloxBlock<N> block;
      N best = minus_infinity<N>(), choice = splat<N>(0), chosen = logit(0);
      for (int k = 0; k < h.n; k++) {
        N score = logit(k);
        if (!io.deterministic) {
          if (k % 4 == 0) block = noise_block<N>(io.noise, t.row(g), k / 4);
          score += gumbel<N>(block.word[k % 4]);
        }
        const auto better = score > best;
        best = choose(better, score, best);
        chosen = choose(better, logit(k), chosen);
        choice = choose(better, splat<N>(k), choice);
      }
      t.at(h.latent, g) = choice;
      t.at(h.log_prob, g) = LogNormalizer<N>(h.n, logit).log_prob(chosen);
    });
    if (io.choice) t.store_index(h.latent, io.choice);
    if (io.latent) t.store(h.latent, 1, io.latent);
    t.store(h.log_prob, 1, io.log_prob);
  }

  template <bool Training, class Tile>
  static HD void evaluate(const Tile& t, const Program& p, const uint8_t* mask, bool, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      apply(t, h, mask, g);
      const auto logit = [&](int k) { return N(t.at(h.parameter[0].column + k, g)); };
      const LogNormalizer<N> z(h.n, logit);
      const N index = t.at(h.latent, g);
      N chosen = minus_infinity<N>();  // an index that names no category has probability 0
      for (int k = 0; k < h.n; k++) chosen = choose(index == splat<N>(k), logit(k), chosen);
      t.at(h.log_prob, g) = z.log_prob(chosen);
      t.at(h.entropy, g) = categorical_entropy(h.n, logit, z);
    });
  }

  template <class Tile> static HD void backward(const Tile& t, const Program& p, const uint8_t*, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    if (h.parameter[0].gradient < 0) return;
    t.each_group([&](int g) {
      const auto logit = [&](int k) { return N(t.at(h.parameter[0].column + k, g)); };
      const LogNormalizer<N> z(h.n, logit);
      const N index = t.at(h.latent, g), entropy = t.at(h.entropy, g), d_log_prob = t.at(h.d_log_prob, g),
              d_entropy = t.at(h.d_entropy, g);
      for (int k = 0; k < h.n; k++) {
        const N chosen = choose(index == splat<N>(k), splat<N>(1), splat<N>(0));
        t.at(h.parameter[0].gradient + k, g) =
            categorical_gradient(logit(k), z, chosen, entropy, d_log_prob, d_entropy);
      }
    });
  }
};

}  // namespace torsor::TORSOR_ISA
