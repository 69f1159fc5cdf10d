// One tile of a minibatch through the steps of its sequence and back: its gradients and the sums of its loss terms go to the accumulators.
#pragma once
#include "program/sequence.h"

namespace torsor::TORSOR_ISA {

// Floats that a tile with `live` rows needs: the columns of every step kept at once, and the carries in between (see SequenceGradient).
template <int Rows> HD int64_t floats_of_tile(const Program& p, const Sequence& s, int live) {
  const int span = steps_of_tile(p, s, live, Rows), length = segment_length(s, span);
  const int tiles = (length + span - 1) / span, segments = (s.steps + length - 1) / length;
  return (int64_t(p.columns) * tiles + int64_t(p.carry_width) * (segments + 2)) * Rows;
}

template <int Rows>
__device__ __forceinline__ void gradient_of_tile(const Tile<Rows>& t, int span, const Program& p, const GradientIO& io,
                                                 const Memory& m) {
  const int length = segment_length(io.sequence, span), tiles = (length + span - 1) / span;
  Tile<Rows> carries = t;
  carries.columns += int64_t(p.columns) * tiles * Rows;
  const SequenceGradient<Tile<Rows>> sequence{t, carries, p, io, m, span, length};
  for (int k = 0; k < tiles; k++) clear_columns(sequence.columns_of(k), p.sums, metric_count);
  sequence.run();
  for (int k = 0; k < tiles; k++)
    for (int sum = 0; sum < metric_count; sum++)
      sequence.columns_of(k).add_sum(p.sums + sum, m.accumulators + p.accumulators - metric_count + sum);
}

}  // namespace torsor::TORSOR_ISA
