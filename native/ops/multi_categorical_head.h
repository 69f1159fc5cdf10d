// Head of several categoricals, whose logits stand side by side; log-probability and entropy are sums over them. The
// latent is the chosen index of each; Program::constants holds how many logits each has.
#pragma once
#include "ops/categorical_head.h"

namespace torsor::TORSOR_ISA {

struct LogitsInTurn {
  static constexpr bool single = false;
  template <class F> static HD void each(const Program& p, F f) {
    int first = 0;
    for (int c = 0; c < p.head.latent_width; c++) {
      const int n = int(p.constants[c]);
      f(p.head.latent + c, first, n);
      first += n;
    }
  }
};

struct MultiCategoricalHead : CategoricalHeadOf<LogitsInTurn> {
  static constexpr const char* name = "multi_categorical";
};

}  // namespace torsor::TORSOR_ISA
