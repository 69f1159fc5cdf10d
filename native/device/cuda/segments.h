// Sequences that end within a batch of steps: each row is cut where its episodes end, and the pieces are packed as cuDNN takes them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torsor {

// Packed: the first step of every piece, longest first, then the second step of those that have one, and so on.
struct Segments {
  std::vector<int> lengths;          // of the pieces, longest first
  std::vector<int32_t> place;        // [steps][rows]: where a step of a row stands among the packed ones
  std::vector<int32_t> first, last;  // [rows]: the piece a row begins with, and the one it ends with
};

// `done` is [steps][rows], set where an episode ends with the step; null: nowhere.
Segments segments_of(const int32_t* done, int steps, int rows);

}  // namespace torsor
