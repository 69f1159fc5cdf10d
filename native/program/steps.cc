// See steps.h.
#include "program/steps.h"

#include <cmath>

#include "device/error.h"
#include "ops/list.h"
#include "program/names.h"

namespace torsor {

using namespace scalar;  // this file is compiled once: any instruction set's lists will do

void malformed(const std::string& what) { throw Error("INVALID_ARGUMENT", "program: " + what); }

namespace {

void expect(bool holds, const Operation& o, const std::string& what) {
  if (!holds) malformed("operation '" + o.op + "' of value " + std::to_string(o.output) + ": " + what);
}

// One operation on its way to steps. `step` has the output and the first input.
struct Reader {
  const Trace& trace;
  const Operation& o;
  const int width;  // of the output
  Step step;
  std::vector<Step>& steps;

  Reader(const Trace& trace_, const Operation& o_, std::vector<Step>& steps_)
      : trace(trace_), o(o_), width(trace_.widths[o_.output]), steps(steps_) {
    step.out = {o.output, 0, width};
    if (!o.inputs.empty()) step.in = input(0);
  }

  Part input(int k) const { return {o.inputs[k], 0, trace.widths[o.inputs[k]]}; }

  void expect(bool holds, const std::string& what) const { torsor::expect(holds, o, what); }
  void inputs(size_t n) {
    expect(o.inputs.size() == n, "expected " + std::to_string(n) + " inputs");
    if (n == 2) step.in2 = input(1);
  }
  void parameters(size_t n) const {
    expect(o.parameters.size() == n, "expected " + std::to_string(n) + " parameter offsets");
  }
  void constants(size_t n) const {
    expect(o.constants.size() == n, "expected " + std::to_string(n) + " constants");
    for (double c : o.constants) expect(std::isfinite(c), "a constant is not finite");
  }
  void same_width() const { expect(step.in.width == width, "widths differ"); }
  // `count` parameters at an offset.
  int in_arena(int offset, int64_t count) const {
    expect(offset >= 0 && offset + count <= trace.parameter_count, "parameters at " + std::to_string(offset) +
                                                                       " lie outside the arena of " +
                                                                       std::to_string(trace.parameter_count));
    return offset;
  }
  // As many columns of the input as the output has, from `start` on.
  void columns_from(double start) {
    expect(start >= 0 && start == std::floor(start) && start + width <= step.in.width,
           "the range lies outside its input");
    step.in = {o.inputs[0], int(start), width};
  }
  int whole(double x, int low, int high) const {
    expect(x >= low && x <= high && x == std::floor(x), "a constant is no integer within its limits");
    return int(x);
  }
  int history(double x) const { return whole(x, 1, 1 << 16); }
  int activation() const {
    const int variant = index_of<Activations>(o.variant.empty() ? "identity" : o.variant);
    expect(variant >= 0, "unknown activation '" + o.variant + "'");
    return variant;
  }
  template <class Op> void end() {
    step.op = index_of<Ops>(Op::name);
    steps.push_back(step);
  }
};

// How many numbers a window over `history` observations of `channels` has: see ops/window.h.
int64_t window_width(int history, int channels) { return 2 + int64_t(history) * (1 + channels); }

void linear(Reader& r) {
  Step& s = r.step;
  r.inputs(1);
  r.parameters(2);
  s.weight = r.in_arena(r.o.parameters[0], int64_t(s.in.width) * r.width);
  s.bias = r.o.parameters[1] < 0 ? -1 : r.in_arena(r.o.parameters[1], r.width);
  s.variant = r.activation();
  s.kept = std::string("identity") == Activations::names[s.variant] ? 0 : r.width;
  s.derivative_kept = s.is_linear = true;
  r.end<Linear>();
}

void activation(Reader& r) {
  r.inputs(1);
  r.same_width();
  r.step.variant = r.activation();
  r.step.kept = r.width;
  r.step.derivative_kept = true;
  r.end<Activate>();
}

template <class Op> void of_two(Reader& r) {
  r.inputs(2);
  r.expect(r.step.in.width == r.width && r.step.in2.width == r.width, "widths differ");
  r.end<Op>();
}

void scale(Reader& r) {
  r.inputs(1);
  r.constants(2);
  r.same_width();
  for (int k = 0; k < 2; k++) r.step.constant[k] = float(r.o.constants[k]);
  r.end<Scale>();
}

void clamp(Reader& r) {
  r.inputs(1);
  r.constants(3);
  r.same_width();
  for (int k = 0; k < 2; k++) r.step.constant[k] = float(r.o.constants[k]);
  r.expect(r.o.constants[0] < r.o.constants[1], "its limits are not in order");
  r.step.variant = r.whole(r.o.constants[2], 0, 1);
  r.end<Clamp>();
}

void slice(Reader& r) {
  r.inputs(1);
  r.constants(1);
  r.columns_from(r.o.constants[0]);
  r.end<Copy>();
}

// A copy of each input.
void concat(Reader& r) {
  r.expect(!r.o.inputs.empty(), "no inputs");
  int at = 0;
  for (size_t k = 0; k < r.o.inputs.size(); k++) {
    r.step.in = r.input(int(k));
    r.expect(at + r.step.in.width <= r.width, "its inputs are wider than its output");
    r.step.out = {r.o.output, at, r.step.in.width};
    at += r.step.in.width;
    r.end<Copy>();
  }
  r.expect(at == r.width, "its inputs are narrower than its output");
}

void layer_norm(Reader& r) {
  r.inputs(1);
  r.parameters(2);
  r.constants(1);
  r.same_width();
  r.step.weight = r.in_arena(r.o.parameters[0], r.width);
  r.step.bias = r.in_arena(r.o.parameters[1], r.width);
  r.expect(r.o.constants[0] > 0, "epsilon must be positive");
  r.step.constant[0] = float(r.o.constants[0]);
  r.step.kept = r.width + 1;
  r.end<LayerNorm>();
}

void parameter(Reader& r) {
  r.inputs(0);
  r.parameters(1);
  r.step.weight = r.in_arena(r.o.parameters[0], r.width);
  r.end<Parameter>();
}

void lstm(Reader& r) {
  Step& s = r.step;
  r.inputs(2);
  r.parameters(2);
  r.expect(r.width % 2 == 0 && s.in2.width == r.width, "the carry and the output are [h | c], of one even width");
  const int units = r.width / 2, in = s.in.width + units;
  s.weight = r.in_arena(r.o.parameters[0], int64_t(in) * 4 * units);
  s.bias = r.in_arena(r.o.parameters[1], 4 * units);
  s.kept = in + 5 * units;
  s.scratch = true;
  r.end<Lstm>();
}

void scan(Reader& r) {
  r.inputs(2);
  r.expect(r.step.in.width == 2 * r.width && r.step.in2.width == r.width, "the inputs are [decay | input] and a state");
  r.step.kept = r.width + 1;
  r.step.scratch = true;
  r.end<Scan>();
}

void window(Reader& r) {
  Step& s = r.step;
  r.inputs(2);
  r.constants(2);
  s.solve.history = r.history(r.o.constants[0]);
  s.constant[0] = float(r.o.constants[1]);
  r.expect(s.constant[0] > 0, "the time of a step must be positive");
  r.expect(window_width(s.solve.history, s.in.width) == r.width && s.in2.width == r.width, "widths differ");
  r.end<Window>();
}

void neural_cde(Reader& r) {
  Step& s = r.step;
  r.inputs(2);
  r.parameters(1);
  r.constants(4);
  s.solve = {r.history(r.o.constants[0]), r.whole(r.o.constants[1], 1, 1 << 20), r.whole(r.o.constants[2], 0, 64),
             index_of<Solvers>(r.o.variant), r.whole(r.o.constants[3], 0, max_steps)};
  r.expect(s.solve.solver >= 0, "unknown solver '" + r.o.variant + "'");
  const int history = s.solve.history, channels = (s.in2.width - 2) / history - 1;
  r.expect(channels > 0 && window_width(history, channels) == s.in2.width, "its second input is no window");
  r.same_width();
  r.expect(int64_t(history - 1) * s.solve.substeps <= max_steps, "too many steps");
  // Within these and the arena, sizes are no larger than an int.
  r.expect(r.width <= 4096 && int64_t(r.width) * channels <= 1 << 20, "its field is too wide");
  const Field field{r.width, channels, s.solve.width, s.solve.depth};
  s.weight = r.in_arena(r.o.parameters[0], field.parameters<int64_t>());
  r.end<NeuralCde>();
}

void normalize(Reader& r) {
  r.inputs(1);
  r.parameters(1);
  r.constants(3);
  r.expect(r.o.inputs[0] == 0, "it reads the observation");
  r.columns_from(r.o.constants[2]);
  const int64_t offset = r.o.parameters[0], first = r.trace.parameter_count, end = first + r.trace.statistics_count;
  r.expect(offset >= first && offset + StatisticsLayout{r.width}.size() <= end, "its statistics lie outside of those");
  r.step.statistics = int(offset);
  for (int k = 0; k < 2; k++) {
    r.expect(r.o.constants[k] > 0, "epsilon and limit must be positive");
    r.step.constant[k] = float(r.o.constants[k]);
  }
  r.end<Normalize>();
}

struct Kind {
  const char* name;
  void (*read)(Reader&);
};

constexpr Kind kinds[] = {
    {"linear", linear},         {"activation", activation}, {"add", of_two<Add>},    {"mul", of_two<Multiply>},
    {"scale", scale},           {"clamp", clamp},           {"concat", concat},      {"slice", slice},
    {"layer_norm", layer_norm}, {"parameter", parameter},   {"lstm", lstm},          {"scan", scan},
    {"window", window},         {"neural_cde", neural_cde}, {"normalize", normalize}};

void read(const Trace& trace, const Operation& o, std::vector<Step>& steps) {
  Reader reader(trace, o, steps);
  for (const Kind& kind : kinds)
    if (o.op == kind.name) return kind.read(reader);
  reader.expect(false, "no such operation");
}

}  // namespace

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  return names;
}

std::vector<Step> steps_of(const Trace& trace) {
  if (trace.widths.empty()) malformed("no values");
  for (int w : trace.widths)
    if (w < 1 || w > 1 << 20) malformed("a value of width " + std::to_string(w));
  std::vector<bool> defined(trace.widths.size(), false);
  const auto is_value = [&](int v) { return v >= 0 && v < int(defined.size()); };
  const auto is_new = [&](int v) { return is_value(v) && v > 0 && !defined[v]; };
  const auto is_computed = [&](int v) { return is_value(v) && defined[v]; };
  const auto is_number = [&](int v) { return is_computed(v) && trace.widths[v] == 1; };
  defined[0] = true;
  for (const Trace::State& state : trace.states) {
    if (!is_new(state.value)) malformed("a state is no new value");
    defined[state.value] = true;
  }
  std::vector<Step> steps;
  for (const Operation& o : trace.operations) {
    expect(is_new(o.output), o, "its output is no new value");
    for (int i : o.inputs) expect(is_computed(i), o, "an input is not computed before it");
    defined[o.output] = true;
    read(trace, o, steps);
  }
  for (int v : trace.head_inputs)
    if (!is_computed(v)) malformed("an input of the head is not computed");
  for (const Trace::State& state : trace.states)
    if (!is_computed(state.next) || trace.widths[state.next] != trace.widths[state.value])
      malformed("a state and what replaces it differ in width");
  if (!is_number(trace.value)) malformed("the value estimate must be a computed value of width 1");
  if (trace.bootstrap_value >= 0 && !is_number(trace.bootstrap_value))
    malformed("the bootstrap value must be a computed value of width 1");
  return steps;
}

}  // namespace torsor
