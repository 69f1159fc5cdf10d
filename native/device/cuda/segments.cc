// See segments.h.
#include "device/cuda/segments.h"

namespace torsor {

namespace {

struct Piece {
  int row, first, length;
};

}  // namespace

Segments segments_of(const int32_t* done, int steps, int rows) {
  std::vector<Piece> pieces;
  std::vector<int64_t> longer(size_t(steps) + 1, 0);  // [n]: pieces of more than n steps
  Segments s;
  s.first.resize(size_t(rows));
  s.last.resize(size_t(rows));
  for (int row = 0; row < rows; row++) {
    for (int step = 0; step < steps;) {
      int end = step + 1;
      while (end < steps && !(done && done[(end - 1) * int64_t(rows) + row])) end++;
      pieces.push_back({row, step, end - step});
      for (int n = 0; n < end - step; n++) longer[size_t(n)]++;
      step = end;
    }
  }

  // By length: a piece comes behind all that are longer, and behind those of its length that came before it.
  std::vector<int64_t> next(longer.begin() + 1, longer.end()), start(size_t(steps), 0);
  for (int n = 1; n < steps; n++) start[size_t(n)] = start[size_t(n - 1)] + longer[size_t(n - 1)];
  s.lengths.resize(pieces.size());
  s.place.resize(size_t(steps) * size_t(rows));
  for (const Piece& piece : pieces) {
    const int64_t rank = next[size_t(piece.length - 1)]++;
    s.lengths[size_t(rank)] = piece.length;
    for (int n = 0; n < piece.length; n++)
      s.place[size_t((piece.first + n) * int64_t(rows) + piece.row)] = int32_t(start[size_t(n)] + rank);
    if (piece.first == 0) s.first[size_t(piece.row)] = int32_t(rank);
    if (piece.first + piece.length == steps) s.last[size_t(piece.row)] = int32_t(rank);
  }
  return s;
}

}  // namespace torsor
