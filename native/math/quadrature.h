// E[log |det J|] of a chain of bijectors under N(mean, diag std^2), and its gradients: what the entropy of a transformed Gaussian needs.
//   no step mixes dimensions: Gauss-Hermite with 16 nodes in each dimension, exact for polynomials of degree 31;
//   some step does:           the product of 5 nodes per dimension (degree 9) while that is at most 5^6 = 15625 points, then
//                             a rule of degree 5 with 2 d^2 + 1 points, because 5^d explodes;
//   the log-det is constant:  its value.
// With x = mean + std t, t a node of weight w: the gradient is w dL/dx for the mean and w t dL/dx for std.
#pragma once
#include "bijector.h"

namespace torsor::TORSOR_ISA {

constexpr int max_grid_dims = 6;

// Positive half of the probabilists' Gauss-Hermite rule of 16 nodes: weight exp(-t^2 / 2) / sqrt(2 pi), total 1.
HD double hermite16_node(int i) {
  constexpr double node[8] = {0.3867606045005573,  1.1638291005549648, 1.9519803457163334, 2.7602450476307014,
                              3.6008736241715487, 4.492955302520011,  5.472225705949343,  6.630878198393129};
  return node[i];
}
HD double hermite16_weight(int i) {
  constexpr double weight[8] = {0.286568521238012,     0.1583383727509497,     0.04728475235401406,   0.007266937601184749,
                                0.0005259849265739087, 1.530003216248732e-05, 1.309473216286817e-07, 1.4978147231618412e-10};
  return weight[i];
}

// The rule of 5 nodes: t^2 = 5 +- sqrt(10), and 0.
HD double hermite5_node(int i) {
  constexpr double node[5] = {-2.8569700138728056, -1.355626179974266, 0, 1.355626179974266, 2.8569700138728056};
  return node[i];
}
HD double hermite5_weight(int i) {
  constexpr double weight[5] = {0.011257411327720677, 0.22207592200561257, 0.5333333333333333, 0.22207592200561257,
                                0.011257411327720677};
  return weight[i];
}

template <class N, class Mean, class Std, class DMean, class DStd>
HD N scalar_expectation(const BijectorChain& chain, const Scalar<N>* constants, Mean& mean, Std& std, DMean& d_mean, DStd& d_std) {
  using S = Scalar<N>;
  N expectation = splat<N>(0);
  for (int d = 0; d < chain.dims; d++) {
    const N m = mean(d), s = std(d);
    N sum = splat<N>(0), by_mean = splat<N>(0), by_std = splat<N>(0);
    for (int i = 7; i >= 0; i--) {  // small weights first
      const S t = S(hermite16_node(i)), w = S(hermite16_weight(i));
      N slope_below, slope_above;
      const N below = scalar_chain_log_det<N>(chain, constants, d, N(m - s * t), slope_below);
      const N above = scalar_chain_log_det<N>(chain, constants, d, N(m + s * t), slope_above);
      sum += w * (below + above);
      by_mean += w * (slope_below + slope_above);
      by_std += w * t * (slope_above - slope_below);
    }
    expectation += sum;
    d_mean(d) = by_mean;
    d_std(d) = by_std;
  }
  return expectation;
}

// Adds one point of a rule: `node(d)` gives its coordinates.
template <class N> struct VectorSums { N expectation, by_mean[max_event], by_std[max_event]; };

template <class N, class Mean, class Std, class Node>
HD void add_point(const BijectorChain& chain, const Scalar<N>* constants, Mean& mean, Std& std, Scalar<N> weight, Node node,
                  VectorSums<N>& sums) {
  N slope[max_event];
  for (int d = 0; d < chain.dims; d++) slope[d] = splat<N>(0);
  sums.expectation += weight * chain_gradient<N>(chain, false, constants, [&](int d) { return N(mean(d) + std(d) * node(d)); },
                                                 [&](int d) -> N& { return slope[d]; });
  for (int d = 0; d < chain.dims; d++) {
    sums.by_mean[d] += weight * slope[d];
    sums.by_std[d] += weight * node(d) * slope[d];
  }
}

template <class N, class Mean, class Std>
HD void add_grid(const BijectorChain& chain, const Scalar<N>* constants, Mean& mean, Std& std, VectorSums<N>& sums) {
  using S = Scalar<N>;
  int points = 1;
  for (int d = 0; d < chain.dims; d++) points *= 5;
  for (int point = 0; point < points; point++) {
    S node[max_grid_dims];
    double weight = 1;
    for (int d = 0, rest = point; d < chain.dims; d++, rest /= 5) {
      node[d] = S(hermite5_node(rest % 5));
      weight *= hermite5_weight(rest % 5);
    }
    add_point<N>(chain, constants, mean, std, S(weight), [&](int d) { return node[d]; }, sums);
  }
}

// Degree 5 with 2 d^2 + 1 points, spherical-radial (Stroud 1971, E_n^r^2 5-; Jia, Xin and Cheng, Automatica 2013): the centre
// with weight 2 / (d + 2), +- sqrt(d + 2) e_i with (4 - d) / (2 (d + 2)^2), and sqrt(d + 2) (+- e_i +- e_j) / sqrt 2 with
// 1 / (d + 2)^2. Its points lie where the mass of the Gaussian is, and its weights sum to at most 3 in size; the rule of McNamee
// and Stenger, of the same degree and number of points, has weights that grow with d^2.
template <class N, class Mean, class Std>
HD void add_cubature(const BijectorChain& chain, const Scalar<N>* constants, Mean& mean, Std& std, VectorSums<N>& sums) {
  using S = Scalar<N>;
  const int n = chain.dims;
  const S size = S(n + 2), axis = square_root(size), diagonal = square_root(S(size / 2)), weight = 1 / (size * size);
  add_point<N>(chain, constants, mean, std, 2 / size, [](int) { return S(0); }, sums);
  for (int i = 0; i < n; i++)
    for (int sign = -1; sign <= 1; sign += 2) {
      const S a = sign * axis;
      add_point<N>(chain, constants, mean, std, weight * S(4 - n) / 2, [&](int d) { return d == i ? a : S(0); }, sums);
      for (int j = 0; j < i; j++)
        for (int other = -1; other <= 1; other += 2) {
          const S b = sign * diagonal, c = other * diagonal;
          add_point<N>(chain, constants, mean, std, weight, [&](int d) { return d == i ? b : d == j ? c : S(0); }, sums);
        }
    }
}

// mean and std are `N(int d)`; d_mean and d_std are `N&(int d)` and are set. Chains with vector steps take at most max_event dimensions.
template <class N, class Mean, class Std, class DMean, class DStd>
HD N log_det_expectation(const BijectorChain& chain, const Scalar<N>* constants, Mean mean, Std std, DMean d_mean, DStd d_std) {
  const N zero = splat<N>(0);
  if (!chain.vector && !chain.constant) return scalar_expectation<N>(chain, constants, mean, std, d_mean, d_std);
  for (int d = 0; d < chain.dims; d++) d_mean(d) = d_std(d) = zero;
  N expectation = zero, unused;
  if (chain.constant) {
    for (int d = 0; d < chain.dims; d++) expectation += scalar_chain_log_det<N>(chain, constants, d, zero, unused);
    return expectation;
  }
  VectorSums<N> sums;
  sums.expectation = zero;
  for (int d = 0; d < chain.dims; d++) sums.by_mean[d] = sums.by_std[d] = zero;
  if (chain.dims <= max_grid_dims) add_grid<N>(chain, constants, mean, std, sums);
  else add_cubature<N>(chain, constants, mean, std, sums);
  for (int d = 0; d < chain.dims; d++) {
    d_mean(d) = sums.by_mean[d];
    d_std(d) = sums.by_std[d];
  }
  return sums.expectation;
}

}  // namespace torsor::TORSOR_ISA
