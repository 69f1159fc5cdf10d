// Random programs from all that the native core knows by name: operations, heads, activations, bijectors.
#pragma once
#include <random>
#include <set>
#include <string>
#include <vector>
#include "comparison.h"
#include "program/build.h"

namespace torsor::test {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int below(int n) { return int(engine_() % unsigned(n)); }
  bool chance(double p) { return engine_() < p * 4294967296.0; }
  double between(double low, double high) { return low + (high - low) * (engine_() / 4294967296.0); }
  template <class T> const T& of(const std::vector<T>& list) { return list[below(int(list.size()))]; }
  Floats normals(size_t count, float scale = 1);

 private:
  std::mt19937 engine_;
};

// A trace, and numbers for its parameters of which nothing becomes too large for a comparison.
struct Sample {
  std::string name;
  Trace trace;
  Floats parameters;  // and behind them the statistics
  Floats statistics;  // until the sample is complete
};

// What the core knows and the generator does not: a sentence each that says where to add it. Empty if all is well.
std::vector<std::string> missing_entries();

// Samples in turn take up every member of every list; `used` tells which have been.
class Programs {
 public:
  explicit Programs(unsigned seed) : random_(seed) {}
  Sample next(bool recurrent);
  // Members of the lists that no sample has had so far; operations with a state where they are `recurrent`.
  std::vector<std::string> unused(bool recurrent) const;

 private:
  friend class Builder;
  Random random_;
  std::set<std::string> used_;
  size_t samples_ = 0, operations_ = 0, recurrent_ = 0, activations_ = 0, heads_ = 0, bijectors_ = 0;
};

}  // namespace torsor::test
