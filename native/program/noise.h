// Where the noise of a row comes from: four words of Philox for four dimensions of an action, or four logits.
#pragma once
#include "math/philox.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

template <class N> OUTLINED PhiloxBlock<N> noise_block(const Noise& noise, Uint<N> row, uint32_t block) {
  return philox<N>({{row, splat_bits<N>(block), splat_bits<N>(uint32_t(noise.counter)),
                     splat_bits<N>(noise.stream << 16 | uint32_t(noise.counter >> 32))}},
                   noise.seed);
}

}  // namespace torsor::TORSOR_ISA
