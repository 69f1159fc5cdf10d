// The PPO loss of a tile: from log-probability, entropy and value to their gradients. Sums over rows stay spread over a column each:
// group g only ever adds to its own place, tile after tile, so their order is fixed.
#pragma once
#include "math/ppo_loss.h"
#include "ops/gaussian_head.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

template <class Tile> HD void ppo_gradient(const Tile& t, const Program& p, const GradientIO& io, int entropy_rows) {
  using N = typename Tile::N;
  const Head& h = p.head;
  const float scale = 1.0f / io.loss_rows;
  const AdvantageMoments moments = *io.moments;
  t.each_group([&](int g) {
    const N alive = t.alive(g);
    const PpoSample<N> sample{t.of_batch(io.old_log_prob, g), t.of_batch(io.advantage, g), t.of_batch(io.target, g),
                              t.of_batch(io.old_value, g)};
    const N entropy = t.at(h.entropy, g), value = t.at(p.value.column, g);
    const PpoLoss<N> l = ppo_loss(N(t.at(h.log_prob, g)), value, sample, moments, io.ppo);
    if (io.new_value) t.to_batch(io.new_value, g, value);
    if (io.ratio) t.to_batch(io.ratio, g, l.ratio);
    t.at(h.d_log_prob, g) = choose(alive > 0, N(l.d_log_prob * scale), splat<N>(0));
    t.at(h.d_entropy, g) = -io.ppo.entropy_coefficient * scale * alive;
    t.at(p.value.gradient, g) = choose(alive > 0, N(l.d_value * scale), splat<N>(0));
    const N kl = io.old_head[0] ? GaussianHead::divergence(t, h, io, g) : l.approx_kl;
    const N counted = splat<N>(GaussianHead::has_entropy(t, h, entropy_rows, g) ? 1 : 0);
    const N terms[metric_count] = {l.policy, l.value, choose(counted > 0, entropy, counted), kl, l.clipped, counted};
    UNROLL for (int k = 0; k < metric_count; k++) t.at(p.sums + k, g) +=
        choose(alive > 0, N(terms[k] * scale), splat<N>(0));
  });
}

// Gradients given from outside, one per row.
template <class Tile> HD void given_gradient(const Tile& t, const Program& p, const GradientIO& io) {
  t.each_group([&](int g) {
    t.at(p.head.d_log_prob, g) = t.of_batch(io.d_log_prob, g);
    t.at(p.head.d_entropy, g) = t.of_batch(io.d_entropy, g);
    t.at(p.value.gradient, g) = t.of_batch(io.d_value, g);
  });
}

}  // namespace torsor::TORSOR_ISA
