// E[log |det J|] of a chain of bijectors under N(mean, diag std^2), and its gradients: what the entropy of a
// transformed Gaussian needs.
//   no step mixes dimensions: Gauss-Hermite with 16 nodes in each dimension, exact for polynomials of degree 31;
//   some step does:           for each group of dimensions that mix, the product of 5 nodes per dimension (degree 9) while that is at most 5^6 = 15625
//                             points, then a rule of degree 5 with 2 d^2 + 1 points, because 5^d explodes;
//   the log-det is constant:  its value.
// With x = mean + std t, t a node of weight w: the gradient is w dL/dx for the mean and w t dL/dx for std.
#pragma once
#include "bijector.h"

namespace torsor::TORSOR_ISA {

constexpr int max_grid_dims = 6;

// Positive half of the probabilists' Gauss-Hermite rule of 16 nodes: weight exp(-t^2 / 2) / sqrt(2 pi), total 1.
HD double hermite16_node(int i) {
  constexpr double node[8] = {0.3867606045005573, 1.1638291005549648, 1.9519803457163334, 2.7602450476307014,
                              3.6008736241715487, 4.492955302520011,  5.472225705949343,  6.630878198393129};
  return node[i];
}
HD double hermite16_weight(int i) {
  constexpr double weight[8] = {0.286568521238012,     0.1583383727509497,    0.04728475235401406,
                                0.007266937601184749,  0.0005259849265739087, 1.530003216248732e-05,
                                1.309473216286817e-07, 1.4978147231618412e-10};
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

template <class N, class Mean, class Std>
HD N scalar_expectation(const BijectorChain& chain, const Scalar<N>* constants, Mean& mean, Std& std, Event<N> d_mean,
                        Event<N> d_std) {
  using S = Scalar<N>;
  N expectation = splat<N>(0);
  for (int d = 0; d < chain.dims; d++) {
    const N m = mean(d), s = std(d);
    N sum = splat<N>(0), by_mean = splat<N>(0), by_std = splat<N>(0);
    for (int i = 15; i >= 0; i--) {  // small weights first
      const S t = S(i % 2 ? hermite16_node(i / 2) : -hermite16_node(i / 2)), w = S(hermite16_weight(i / 2));
      N slope;
      sum += w * scalar_chain_log_det<N>(chain, constants, d, N(m + s * t), slope);
      by_mean += w * slope;
      by_std += w * t * slope;
    }
    expectation += sum;
    d_mean(d) = by_mean;
    d_std(d) = by_std;
  }
  return expectation;
}

// Point k of the product rule with 5 nodes per dimension, and its weight.
template <class S> HD S grid_point(int dims, int k, S* node) {
  double weight = 1;
  for (int d = 0; d < dims; d++, k /= 5) {
    node[d] = S(hermite5_node(k % 5));
    weight *= hermite5_weight(k % 5);
  }
  return S(weight);
}

// Point k of the rule of degree 5 with 2 d^2 + 1 points, spherical-radial (Stroud 1971, section on E_n^(r^2); Jia,
// Xin and Cheng, Automatica 2013): the centre with weight 2 / (d + 2), +- sqrt(d + 2) e_i with (4 - d) / (2 (d +
// 2)^2), and sqrt(d + 2) (+- e_i +- e_j) / sqrt 2 with 1 / (d + 2)^2. The points lie where the mass of the Gaussian
// is, and the sizes of the weights sum to less than 3; in the rule of McNamee and Stenger, of the same degree and
// number of points, they sum to about d^2 / 5.
template <class S> HD S cubature_point(int dims, int k, S* node) {
  const S size = S(dims + 2), radius = square_root(size);
  for (int d = 0; d < dims; d++) node[d] = 0;
  if (k == 0) return 2 / size;
  k--;
  if (k < 2 * dims) {
    node[k / 2] = k % 2 ? radius : -radius;
    return S(4 - dims) / (2 * size * size);
  }
  k -= 2 * dims;
  int pair = k / 4, i = 1;  // pairs (1, 0), (2, 0), (2, 1), (3, 0), ...
  while (pair >= i) pair -= i++;
  const S diagonal = square_root(S(size / 2));
  node[i] = k % 2 ? diagonal : -diagonal;
  node[pair] = k % 4 < 2 ? diagonal : -diagonal;
  return 1 / (size * size);
}

// How many points the rules take for a group of dimensions that mix, and for all dimensions.
HD int points_of_group(int dims) {
  if (dims > max_grid_dims) return 2 * dims * dims + 1;
  int points = 1;
  for (int d = 0; d < dims; d++) points *= 5;
  return points;
}
HD int64_t points_of(const BijectorChain& chain) {
  if (chain.constant || chain.length == 0) return 1;
  return chain.vector ? int64_t(chain.dims / chain.size) * points_of_group(chain.size) : int64_t(16) * chain.dims;
}

// Of the first group of dimensions.
template <class N, class Mean, class Std>
HD N vector_expectation(const BijectorChain& chain, const Scalar<N>* constants, Mean mean, Std std, Event<N> d_mean,
                        Event<N> d_std) {
  using S = Scalar<N>;
  const int dims = chain.size;
  const bool grid = dims <= max_grid_dims;
  const int points = points_of_group(dims);

  // Summed in blocks: added one by one, 15625 points would cost two digits of a float.
  constexpr int block = 125;
  N expectation = splat<N>(0), slope[max_event], by_mean[max_event], by_std[max_event];
  S node[max_event];
  for (int first = 0; first < points; first += block) {
    N sum = splat<N>(0);
    for (int d = 0; d < dims; d++) by_mean[d] = by_std[d] = splat<N>(0);
    for (int k = first; k < points && k < first + block; k++) {
      const S weight = grid ? grid_point(dims, k, node) : cubature_point(dims, k, node);
      for (int d = 0; d < dims; d++) slope[d] = splat<N>(0);
      sum += weight * chain_gradient<N>(
                          chain, dims, false, constants, [&](int d) { return N(mean(d) + std(d) * node[d]); },
                          Event<N>{slope, 1});
      for (int d = 0; d < dims; d++) {
        by_mean[d] += weight * slope[d];
        by_std[d] += weight * node[d] * slope[d];
      }
    }
    expectation += sum;
    for (int d = 0; d < dims; d++) {
      d_mean(d) += by_mean[d];
      d_std(d) += by_std[d];
    }
  }
  return expectation;
}

// mean and std are `N(int d)`; d_mean and d_std are set. Chains with vector steps take at most max_event dimensions in a group.
template <class N, class Mean, class Std>
HD N log_det_expectation(const BijectorChain& chain, const Scalar<N>* constants, Mean mean, Std std, Event<N> d_mean,
                         Event<N> d_std) {
  const N zero = splat<N>(0);
  if (!chain.vector && !chain.constant) return scalar_expectation<N>(chain, constants, mean, std, d_mean, d_std);
  for (int d = 0; d < chain.dims; d++) d_mean(d) = d_std(d) = zero;
  N expectation = zero, unused;
  if (chain.vector) {
    for (int start = 0; start < chain.dims; start += chain.size)
      expectation += vector_expectation<N>(
          chain, constants + start, [&](int d) { return mean(start + d); }, [&](int d) { return std(start + d); },
          d_mean.from(start), d_std.from(start));
    return expectation;
  }
  for (int d = 0; d < chain.dims; d++) expectation += scalar_chain_log_det<N>(chain, constants, d, zero, unused);
  return expectation;
}

}  // namespace torsor::TORSOR_ISA
