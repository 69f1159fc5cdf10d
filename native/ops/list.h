// The vocabulary of a model: an instruction's `op` is an index in Ops, a head's `kind` an index in Heads.
#pragma once
#include "math/list.h"
#include "ops/bernoulli_head.h"
#include "ops/categorical_head.h"
#include "ops/elementwise.h"
#include "ops/gaussian_head.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/lstm.h"
#include "ops/multi_categorical_head.h"
#include "ops/neural_cde.h"
#include "ops/normalize.h"
#include "ops/scan.h"

namespace torsor::TORSOR_ISA {

using Ops = List<Linear, Activate, Add, Multiply, Scale, Clamp, Copy, LayerNorm, Parameter, Lstm, Scan, Window,
                 NeuralCde, Normalize, Clear>;
using Heads = List<GaussianHead, CategoricalHead, MultiCategoricalHead, BernoulliHead>;

// Whether an op works on each row by itself, with nothing but columns, so that it can go over all rows of a batch before the next begins. A linear can
// too: its product is formed apart there.
template <class Op>
constexpr bool is_rowwise =
    !same<Op, Linear> && !same<Op, Lstm> && !same<Op, Scan> && !same<Op, Window> && !same<Op, NeuralCde>;

// Those that do for one step of what they carry, forward. An lstm's product is formed apart too.
template <class Op> constexpr bool is_rowwise_step = same<Op, Lstm> || same<Op, Scan>;

// The weight of an instruction, [inputs][outputs], and how its gradient sums are laid out: `stride` floats a row.
struct Product {
  int inputs, outputs, stride;
  bool packed;  // a matrix that the kernels of linear take in an order of their own
};

HD Product product_of(const Instruction& q) {
  Product product{1, q.out.width, q.out.width, false};
  const auto matrix = [&](int inputs, int outputs) { product = {inputs, outputs, padded_outputs(outputs), true}; };
  Ops::visit(q.op, [&](auto op) {
    if (same<decltype(op), Linear>) matrix(q.in.width, q.out.width);
    if (same<decltype(op), NeuralCde>) product.outputs = product.stride = CdeLayout(q, 1).field.parameters();
    if (same<decltype(op), Lstm>) matrix(q.in.width + q.out.width / 2, 2 * q.out.width);
  });
  return product;
}

}  // namespace torsor::TORSOR_ISA
