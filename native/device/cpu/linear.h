// CPU linear: products are compiled once, in files of their own, not in every op and kernel that has one.
#pragma once
#include "device/cpu/tile.h"
#include "device/cpu/vector.h"
#include "ops/memory.h"

namespace torsor::TORSOR_ISA {

void linear_forward(const Tile<Vector>&, const float* parameters, const float* packed, const Instruction&);
// The same in training: the columns of activation'(z) are kept for backward.
void linear_forward_keeping(const Tile<Vector>&, const float* parameters, const float* packed, const Instruction&);
// From dL/dz, the gradient of the sum before the activation, to the gradients of weight, bias and input.
void linear_backward(const Tile<Vector>&, const Memory&, const Instruction&);

}  // namespace torsor::TORSOR_ISA
