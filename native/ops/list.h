// The vocabulary of a model: an instruction's `op` is an index in Ops, a head's `kind` an index in Heads.
#pragma once
#include "math/list.h"
#include "ops/categorical_head.h"
#include "ops/elementwise.h"
#include "ops/gaussian_head.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"

namespace torsor::TORSOR_ISA {

using Ops = List<Linear, Activate, Add, Multiply, Scale, Copy, LayerNorm, Parameter, Clear>;
using Heads = List<GaussianHead, CategoricalHead>;

}  // namespace torsor::TORSOR_ISA
