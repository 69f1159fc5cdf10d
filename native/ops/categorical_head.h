// Categorical head, and what it shares with that of several categoricals. Parameter: logits. The latent is the chosen
// index of each categorical, as a float.
#pragma once
#include "math/categorical.h"
#include "ops/masked_logits.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

// One categorical of a head: `n` of its logits, from `first` on. Called with k, it gives logit k.
template <class Tile> struct CategoricalPart {
  using N = typename Tile::N;
  const Tile& t;
  const Head& h;
  int first, n, g;

  HD N operator()(int k) const { return t.at(h.parameter[0].column + first + k, g); }

  // Index and log-probability of the likeliest category, or of one drawn by Gumbel noise. `block` holds the noise of the
  // logits up to `first`: a block serves four logits, of whichever categoricals.
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

  // `entropy`: that of the head, which is that of its only categorical where `Only`.
  template <bool Only> HD void backward(N index, N entropy, N d_log_prob, N d_entropy) const {
    const LogNormalizer<N> z(n, *this);
    if constexpr (!Only) entropy = categorical_entropy(n, *this, z);
    for (int k = 0; k < n; k++) {
      const N chosen = choose(index == splat<N>(k), splat<N>(1), splat<N>(0));
      t.at(h.parameter[0].gradient + first + k, g) =
          categorical_gradient((*this)(k), z, chosen, entropy, d_log_prob, d_entropy);
    }
  }
};

// Independent categoricals. Parts::each(program, f) calls f(latent column, first logit, number of logits) for each;
// Parts::single: there is but one.
template <class Parts> struct CategoricalHeadOf {
  template <class Tile> static HD void act(const Tile& t, const Program& p, const StepIO& io) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, io.mask, g);
      PhiloxBlock<N> block;
      N log_prob = splat<N>(0);
      Parts::each(p, [&](int latent, int first, int n) {
        t.at(latent, g) = CategoricalPart<Tile>{t, h, first, n, g}.act(io, block, log_prob);
      });
      t.at(h.log_prob, g) = log_prob;
    });
    if (io.choice) t.store_index(h.latent, h.latent_width, io.choice);
    if (io.latent) t.store(h.latent, h.latent_width, io.latent);
    t.store(h.log_prob, 1, io.log_prob);
  }

  template <bool Training, class Tile>
  static HD void evaluate(const Tile& t, const Program& p, const uint8_t* mask, bool, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      mask_logits(t, h, mask, g);
      N log_prob = splat<N>(0), entropy = splat<N>(0);
      Parts::each(p, [&](int latent, int first, int n) {
        CategoricalPart<Tile>{t, h, first, n, g}.evaluate(t.at(latent, g), log_prob, entropy);
      });
      t.at(h.log_prob, g) = log_prob;
      t.at(h.entropy, g) = entropy;
    });
  }

  template <class Tile> static HD void backward(const Tile& t, const Program& p, const uint8_t*, bool) {
    using N = typename Tile::N;
    const Head& h = p.head;
    if (h.parameter[0].gradient < 0) return;
    t.each_group([&](int g) {
      const N entropy = t.at(h.entropy, g), d_log_prob = t.at(h.d_log_prob, g), d_entropy = t.at(h.d_entropy, g);
      Parts::each(p, [&](int latent, int first, int n) {
        const CategoricalPart<Tile> part{t, h, first, n, g};
        part.template backward<Parts::single>(t.at(latent, g), entropy, d_log_prob, d_entropy);
      });
    });
  }
};

struct AllLogits {
  static constexpr bool single = true;
  template <class F> static HD void each(const Program& p, F f) { f(p.head.latent, 0, p.head.n); }
};

struct CategoricalHead : CategoricalHeadOf<AllLogits> {
  static constexpr const char* name = "categorical";
};

}  // namespace torsor::TORSOR_ISA
