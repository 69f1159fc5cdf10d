// Which elements of the arrays of a call its rows read and write.
#pragma once
#include "device/cuda/call.h"
#include "program/instruction.h"

namespace torsor {

// Rows of arrays that have one per step.
struct Range {
  int64_t first, count;
  Range(const Sequence& s, int first_, int rows)
      : first(s.steps == 1 ? first_ : 0), count(s.steps == 1 ? rows : s.steps * s.stride) {}
};

template <class T> void reads(Call& call, const T*& array, const Range& rows, int64_t width = 1) {
  call.reads(array, rows.first * width, rows.count * width);
}
template <class T> void writes(Call& call, T*& array, const Range& rows, int64_t width = 1) {
  call.writes(array, rows.first * width, rows.count * width);
}

inline void stage(Call& call, Sequence& s, int64_t carry_width, int first, int rows) {
  reads(call, s.done, Range(s, first, rows));
  call.reads(s.carry, first * carry_width, rows * carry_width);
  call.writes(s.final_carry, first * carry_width, rows * carry_width);
  call.writes(s.d_carry, first * carry_width, rows * carry_width);
}

}  // namespace torsor
