// Head of several categoricals, whose logits stand side by side. The latent is the chosen index of each;
// Program::constants holds how many logits each has.
#pragma once
#include "ops/categorical_head.h"

namespace torsor::TORSOR_ISA {

struct LogitsInTurn {
  template <class Tile, class F> static HD void each(const Tile& t, const Program& p, int g, F f) {
    int first = 0;
    for (int c = 0; c < p.head.latent_width; c++) {
      const int n = int(p.constants[c]);
      f(CategoricalChoice<Tile, false>{t, p.head, first, n, g}, p.head.latent + c);
      first += n;
    }
  }
};

struct MultiCategoricalHead : DiscreteHead<LogitsInTurn> {
  static constexpr const char* name = "multi_categorical";
};

}  // namespace torsor::TORSOR_ISA
