// Categorical head. The latent is the chosen index.
#pragma once
#include "math/categorical.h"
#include "ops/discrete_head.h"

namespace torsor::TORSOR_ISA {

// One categorical of a head: `n` of its logits, from `first` on; `Only`: there is no other. Called with k, it gives logit k.
template <class Tile, bool Only> struct CategoricalChoice {
  using N = typename Tile::N;
  const Tile& t;
  const Head& h;
  int first, n, g;

  HD N operator()(int k) const { return t.at(h.parameter[0].column + first + k, g); }

  // The likeliest category, or one drawn by Gumbel noise.
  HD N act(const StepIO& io, PhiloxBlock<N>& block, N& log_prob) const {
    N best = minus_infinity<N>(), choice = splat<N>(0), chosen = (*this)(0);
    for (int k = 0; k < n; k++) {
      N score = (*this)(k);
      if (!io.deterministic) {
        const int d = first + k;
        if (d % 4 == 0) block = noise_block<N>(io.noise, t.row(g), d / 4);
        score += gumbel<N>(block.word[d % 4]);
      }
      const auto better = score > best;
      best = choose(better, score, best);
      chosen = choose(better, (*this)(k), chosen);
      choice = choose(better, splat<N>(k), choice);
    }
    log_prob += LogNormalizer<N>(n, *this).log_prob(chosen);
    return choice;
  }

  HD void evaluate(N index, N& log_prob, N& entropy) const {
    const LogNormalizer<N> z(n, *this);
    N chosen = minus_infinity<N>();  // an index that names no category has probability 0
    for (int k = 0; k < n; k++) chosen = choose(index == splat<N>(k), (*this)(k), chosen);
    log_prob += z.log_prob(chosen);
    entropy += categorical_entropy(n, *this, z);
  }

  HD void backward(N index, N entropy, N d_log_prob, N d_entropy) const {
    const LogNormalizer<N> z(n, *this);
    if constexpr (!Only) entropy = categorical_entropy(n, *this, z);
    for (int k = 0; k < n; k++) {
      const N chosen = choose(index == splat<N>(k), splat<N>(1), splat<N>(0));
      t.at(h.parameter[0].gradient + first + k, g) =
          categorical_gradient((*this)(k), z, chosen, entropy, d_log_prob, d_entropy);
    }
  }
};

struct AllLogits {
  template <class Tile, class F> static HD void each(const Tile& t, const Program& p, int g, F f) {
    f(CategoricalChoice<Tile, true>{t, p.head, 0, p.head.n, g}, p.head.latent);
  }
};

struct CategoricalHead : DiscreteHead<AllLogits> {
  static constexpr const char* name = "categorical";
};

}  // namespace torsor::TORSOR_ISA
