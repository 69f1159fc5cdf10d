// The widest vector of floats of the instruction set a file is compiled for.
#pragma once
#include "math/number.h"

namespace torsor::TORSOR_ISA {

#if defined(__AVX512F__)
using Vector = vf16;
#elif defined(__AVX2__)
using Vector = vf8;
#else
using Vector = vf4;
#endif

}  // namespace torsor::TORSOR_ISA
