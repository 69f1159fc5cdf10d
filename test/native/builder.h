// How random programs are put together, and what there is to put: see entries.cc.
#pragma once
#include <cmath>
#include <iterator>
#include "math/activation.h"
#include "math/bijector.h"
#include "math/running_moments.h"
#include "programs.h"

namespace torsor::test {

using scalar::StatisticsLayout;
using scalar::to_two_floats;

// Appends operations to a trace. The value that an operation reads is one of those before it, more often a late one.
class Builder {
 public:
  Builder(Programs& programs, Sample& sample)
      : random(programs.random_), trace(sample.trace), programs_(programs), sample_(sample) {}

  Random& random;
  Trace& trace;

  int value(int width) {
    trace.widths.push_back(width);
    return int(trace.widths.size()) - 1;
  }
  int any() const {
    const int back = std::min(random.below(3), random.below(int(readable_.size())));
    return readable_[readable_.size() - 1 - back];
  }
  int width_of(int value) const { return trace.widths[value]; }
  int width() { return 1 + random.below(random.chance(0.3) ? 40 : 12); }

  // Offset of `count` parameters around `mean`.
  int parameters(int count, float scale, float mean = 0) {
    const int at = trace.parameter_count;
    for (float x : random.normals(count, scale)) sample_.parameters.push_back(mean + x);
    trace.parameter_count += count;
    return at;
  }

  // Offset, among all statistics, of those of `width` columns.
  int statistics(int width) {
    const StatisticsLayout at{width};
    const int offset = int(sample_.statistics.size());
    sample_.statistics.resize(offset + at.size());
    for (int k = 0; k < width; k++) {
      to_two_floats(random.between(-1, 1), &sample_.statistics[offset + at.mean(k)], width);
      to_two_floats(random.between(0.5, 2), &sample_.statistics[offset + at.variance(k)], width);
    }
    return offset;
  }

  int operation(const char* op, std::vector<int> inputs, int width, std::vector<int> parameters = {},
                std::vector<double> constants = {}, const std::string& variant = "") {
    const int output = value(width);
    trace.operations.push_back({op, variant, std::move(inputs), std::move(parameters), output, std::move(constants)});
    readable_.push_back(output);
    programs_.used_.insert(std::string("operation ") + op);
    if (!variant.empty()) programs_.used_.insert("activation " + variant);
    return output;
  }
  int linear(int input, int width, const std::string& variant = "identity", float scale = 1) {
    const int inputs = width_of(input);
    const int weight = parameters(inputs * width, scale / std::sqrt(float(inputs)));
    return operation("linear", {input}, width, {weight, random.chance(0.8) ? parameters(width, 0.3f) : -1}, {},
                     variant);
  }
  std::string activation() { return scalar::Activations::names[programs_.activations_++ % scalar::Activations::size]; }
  // A value of this width: one there is, or a linear of one.
  int of_width(int width) {
    const int found = any();
    return width_of(found) == width ? found : linear(found, width, activation());
  }
  int narrow() { return linear(any(), 1 + random.below(4), "tanh"); }
  std::string solver() { return random.chance(0.5) ? "tsit5" : "bosh3"; }
  // A state, which the operation that replaces it alone reads, or others too: then a tile holds one step of a sequence.
  int state(int width, bool may_be_read = true) {
    const int before = value(width);
    if (may_be_read && random.chance(0.3)) readable_.push_back(before);
    return before;
  }
  void replace(int state, int next) { trace.states.push_back({state, next}); }

  // The next of the list, or none: -1.
  int bijector() { return random.chance(0.1) ? -1 : int(programs_.bijectors_++ % scalar::Bijectors::size); }
  std::vector<BijectorOperation> chain(int bijector, int dims);

  void start(int observation_width) {
    trace.widths = {observation_width};
    readable_ = {0};
  }

 private:
  Programs& programs_;
  Sample& sample_;
  std::vector<int> readable_;
};

// A name of the core, and how a program gets it.
struct OperationEntry {
  const char* name;
  bool recurrent;  // has a state of its own
  void (*add)(Builder&);
};
struct HeadEntry {
  const char* name;
  void (*add)(Builder&);  // its inputs; what they read may be read by others too
};
struct BijectorEntry {
  const char* name;
  std::vector<std::vector<double>> (*parameters)(Random&, int dims);  // a list each, of one number or one per dimension
};
extern const std::vector<OperationEntry> operation_entries;
extern const std::vector<HeadEntry> head_entries;
extern const std::vector<BijectorEntry> bijector_entries;

}  // namespace torsor::test
