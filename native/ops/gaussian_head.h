// Diagonal Gaussian head with bijectors. Parameters: mean, and log-std or std. The latent is the action before the bijectors.
// One source for CPU lanes and CUDA threads: the tile says what a group of rows is.
#pragma once
#include "math/bijector.h"
#include "math/gaussian.h"
#include "math/quadrature.h"
#include "program/instruction.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

struct GaussianHead {
  static constexpr const char* name = "gaussian";

  template <class N> struct Spread {
    N log_std, std;
  };

  template <class Tile> static HD Spread<typename Tile::N> spread(const Tile& t, const Head& h, int d, int g) {
    using N = typename Tile::N;
    const N s = t.at(h.parameter[1].column + d, g);
    if (h.scale_is_std) return {log_of(s), s};
    return {s, exp_of(s)};
  }

  // The columns from `column` on, of a group of rows.
  template <class Tile> static HD Event<typename Tile::N> event(const Tile& t, int column, int g) {
    return {&t.at(column, g), t.groups};
  }

  // From latent columns to action columns; returns log |det| of the bijectors.
  template <class Tile> static HD typename Tile::N transform(const Tile& t, const Program& p, int g) {
    using N = typename Tile::N;
    const Head& h = p.head;
    for (int d = 0; d < h.n; d++) t.at(h.action + d, g) = t.at(h.latent + d, g);
    N log_det = splat<N>(0);
    chain_forward<N>(h.bijectors, p.constants, event(t, h.action, g), log_det);
    return log_det;
  }

  template <class Tile> static HD void act(const Tile& t, const Program& p, const StepIO& io) {
    using N = typename Tile::N;
    const Head& h = p.head;
    t.each_group([&](int g) {
      N log_prob = splat<N>(0);
      const auto dimension = [&](int d, N noise) {
        const Spread<N> s = spread(t, h, d, g);
        t.at(h.latent + d, g) = t.at(h.parameter[0].column + d, g) + s.std * noise;
        log_prob += gaussian_log_prob(noise, s.log_std);
      };
      for (int d0 = 0; d0 < h.n; d0 += 4) {  // a Philox block is noise for four dimensions
        N noise[4] = {splat<N>(0), splat<N>(0), splat<N>(0), splat<N>(0)};
        if (!io.deterministic) {
          const PhiloxBlock<N> block = noise_block<N>(io.noise, t.row(g), d0 / 4);
          normal_pair<N>(block.word[0], block.word[1], noise[0], noise[1]);
          if (d0 + 2 < h.n) normal_pair<N>(block.word[2], block.word[3], noise[2], noise[3]);
        }
        UNROLL for (int k = 0; k < 4; k++) if (d0 + k < h.n) dimension(d0 + k, noise[k]);
      }
      if (h.bijectors.length) log_prob -= transform(t, p, g);
      t.at(h.log_prob, g) = log_prob;
    });
    t.store(h.bijectors.length ? h.action : h.latent, h.n, io.action);
    if (io.latent) t.store(h.latent, h.n, io.latent);
    t.store(h.log_prob, 1, io.log_prob);
  }

  // An entropy that takes points, and more time than all else where these are many.
  static HD bool takes_quadrature(const Head& h) { return h.bijectors.length && !h.bijectors.constant; }

  // Latent columns hold the latent, or the action if `is_action`. Leaves log-probability and entropy, and the latent. An entropy that takes a
  // quadrature is left for rows below `entropy_rows` alone; where `training`, with what backward needs of it.
  template <class Tile>
  static HD void evaluate(const Tile& t, const Program& p, const uint8_t*, bool is_action, int entropy_rows,
                          bool training) {
    using N = typename Tile::N;
    using S = Scalar<N>;
    const Head& h = p.head;
    t.each_group([&](int g) {
      N log_prob = splat<N>(0), log_det = splat<N>(0);
      const Event<N> latent = event(t, h.latent, g);
      if (is_action)
        chain_inverse<N>(h.bijectors, p.constants, latent, log_det);
      else if (h.bijectors.length)
        log_det = -transform(t, p, g);
      N entropy = splat<N>(S(h.n) * S(0.5 + half_log_two_pi));
      for (int d = 0; d < h.n; d++) {
        const Spread<N> s = spread(t, h, d, g);
        log_prob += gaussian_log_prob(N((latent(d) - t.at(h.parameter[0].column + d, g)) / s.std), s.log_std);
        entropy += s.log_std;
      }
      t.at(h.log_prob, g) = log_prob + log_det;
      if (h.bijectors.length && has_entropy(t, h, entropy_rows, g)) entropy += expectation(t, p, g, training);
      t.at(h.entropy, g) = entropy;
      if (training && takes_quadrature(h))
        for (int d = 0; d < h.n; d++) {  // from d/dstd of the expectation to d/dscale of the entropy
          N& e = t.at(h.entropy_gradient + h.n + d, g);
          const Spread<N> s = spread(t, h, d, g);
          e = h.scale_is_std ? N(e + 1 / s.std) : N(e * s.std + 1);
        }
    });
  }

  // Whether `evaluate` leaves the entropy of a group of rows, of any head.
  template <class Tile> static HD bool has_entropy(const Tile& t, const Head& h, int entropy_rows, int g) {
    return !takes_quadrature(h) || t.first_row + g * lanes<typename Tile::N> < entropy_rows;
  }

  // E log |det| under the base; in training its gradients go to the entropy gradient columns.
  template <class Tile> static HD typename Tile::N expectation(const Tile& t, const Program& p, int g, bool training) {
    using N = typename Tile::N;
    const Head& h = p.head;
    N unused = splat<N>(0);
    const auto mean = [&](int d) { return N(t.at(h.parameter[0].column + d, g)); };
    const auto std = [&](int d) { return spread(t, h, d, g).std; };
    const auto gradient = [&](int d) { return training ? event(t, h.entropy_gradient + d, g) : Event<N>{&unused, 0}; };
    return log_det_expectation<N>(h.bijectors, p.constants, mean, std, gradient(0), gradient(h.n));
  }

  // KL(old || new) of a group, before the bijectors, which do not change it.
  template <class Tile>
  static HD typename Tile::N divergence(const Tile& t, const Head& h, const GradientIO& io, int g) {
    using N = typename Tile::N;
    N sum = splat<N>(0);
    for (int d = 0; d < h.n; d++) {
      const N scale = t.of_batch(io.old_head[1], g, h.n, d);
      const N old_std = choose(t.alive(g) > 0, h.scale_is_std ? scale : exp_of(scale), splat<N>(1));
      sum += gaussian_kl(N(t.of_batch(io.old_head[0], g, h.n, d)), old_std, N(t.at(h.parameter[0].column + d, g)),
                         spread(t, h, d, g).std);
    }
    return sum;
  }

  // From the gradients of log-probability and entropy to those of mean and scale.
  template <class Tile> static HD void backward(const Tile& t, const Program& p, const uint8_t*, bool exact_entropy) {
    using N = typename Tile::N;
    const Head& h = p.head;
    const bool quadrature = exact_entropy && takes_quadrature(h);
    t.each_group([&](int g) {
      const N d_log_prob = t.at(h.d_log_prob, g), d_entropy = t.at(h.d_entropy, g);
      for (int d = 0; d < h.n; d++) {
        const Spread<N> s = spread(t, h, d, g);
        const N inverse = 1 / s.std;
        const N noise = (t.at(h.latent + d, g) - t.at(h.parameter[0].column + d, g)) * inverse;
        const N unit = h.scale_is_std ? inverse : splat<N>(1);  // d log_std / d scale
        N d_mean = d_log_prob * noise * inverse, d_scale = d_log_prob * (noise * noise - 1) * unit;
        if (quadrature) {
          d_mean += d_entropy * t.at(h.entropy_gradient + d, g);
          d_scale += d_entropy * t.at(h.entropy_gradient + h.n + d, g);
        } else {
          d_scale += d_entropy * unit;
        }
        if (h.parameter[0].gradient >= 0) t.at(h.parameter[0].gradient + d, g) = d_mean;
        if (h.parameter[1].gradient >= 0) t.at(h.parameter[1].gradient + d, g) = d_scale;
      }
    });
  }
};

}  // namespace torsor::TORSOR_ISA
