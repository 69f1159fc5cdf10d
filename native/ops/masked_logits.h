// Masks of discrete heads: what is forbidden gets the logit -infinity.
#pragma once
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

// In place: nothing reads the unmasked logits after the head.
template <class Tile> HD void mask_logits(const Tile& t, const Head& h, const uint8_t* mask, int g) {
  if (!mask) return;
  for (int k = 0; k < h.n; k++) {
    auto& logit = t.at(h.parameter[0].column + k, g);
    logit = t.masked(mask, h.n, k, g, logit);
  }
}

}  // namespace torsor::TORSOR_ISA
