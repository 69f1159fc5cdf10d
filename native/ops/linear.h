// Linear: out = activation(in W + b). The only op with a body per device, in device/*/linear.h: everything else is formulas.
#pragma once
#include "math/activation.h"
#include "ops/memory.h"
#include "program/instruction.h"
#ifdef __CUDACC__
#include "device/cuda/linear.h"
#else
#include "device/cpu/linear.h"
#endif

namespace torsor::TORSOR_ISA {

struct Linear {
  static constexpr const char* name = "linear";
  template <class Tile> static HD void forward(const Tile& t, const Memory& m, const Instruction& q) {
    linear_forward(t, m.parameters, m.packed, q);
  }
  template <class Tile> static HD void forward_keeping(const Tile& t, const Memory& m, const Instruction& q) {
    linear_forward_keeping(t, m.parameters, m.packed, q);
  }
  template <class Tile> static HD void backward(const Tile& t, const Memory& m, const Instruction& q) {
    linear_backward(t, m, q);
  }
};

}  // namespace torsor::TORSOR_ISA
