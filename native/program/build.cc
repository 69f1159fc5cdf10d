// Builds programs from a trace; see build.h.
#include "program/build.h"

#include <algorithm>
#include <cmath>

#include "device/error.h"
#include "ops/list.h"
#include "program/columns.h"

namespace torsor {

using namespace scalar;  // this file is compiled once: any instruction set's lists will do

static int index_of(const char* const* names, int size, const std::string& name) {
  for (int k = 0; k < size; k++)
    if (name == names[k]) return k;
  return -1;
}

template <class L> static std::vector<std::string> names_of() { return {std::begin(L::names), std::end(L::names)}; }

template <class Op> static int op_index() { return index_of(Ops::names, Ops::size, Op::name); }

[[noreturn]] static void malformed(const std::string& what) { throw Error("INVALID_ARGUMENT", "program: " + what); }

static void expect(bool holds, const Operation& o, const std::string& what) {
  if (!holds) malformed("operation '" + o.op + "' of value " + std::to_string(o.output) + ": " + what);
}

std::vector<std::string> operation_names() {
  return {"linear",     "activation", "add",  "mul",  "scale",  "concat",    "slice",
          "layer_norm", "parameter",  "lstm", "scan", "window", "neural_cde"};
}

std::vector<std::string> head_names() { return names_of<Heads>(); }

template <class S>
std::vector<S> chain_constants(const std::vector<BijectorOperation>& bijectors, int dims, BijectorChain& chain) {
  if (bijectors.size() > max_bijectors)
    throw Error("INVALID_ARGUMENT", "bijectors: at most " + std::to_string(max_bijectors) + " in a chain, got " +
                                        std::to_string(bijectors.size()));
  std::vector<S> constants;
  chain = {};
  chain.dims = dims;
  chain.constant = 1;
  for (const BijectorOperation& b : bijectors) {
    const int kind = index_of(Bijectors::names, Bijectors::size, b.name);
    if (kind < 0) throw Error("UNKNOWN_NAME", "bijector '" + b.name + "' is not known to the native core");
    size_t parameters = 0;
    Bijectors::visit(kind, [&](auto member) {
      using B = decltype(member);
      parameters = B::parameters;
      chain.vector |= B::vector;
      chain.constant &= B::constant;
    });
    if (b.parameters.size() != parameters)
      throw Error("INVALID_ARGUMENT", "bijector '" + b.name + "': expected " + std::to_string(parameters) +
                                          " parameters, got " + std::to_string(b.parameters.size()));
    chain.step[chain.length++] = {kind, b.inverse, int(constants.size())};
    for (const std::vector<double>& values : b.parameters) {
      if (values.size() != 1 && int(values.size()) != dims)
        throw Error("INVALID_SHAPE", "bijector '" + b.name + "': expected 1 or " + std::to_string(dims) +
                                         " values of a parameter, got " + std::to_string(values.size()));
      for (int d = 0; d < dims; d++) constants.push_back(S(values[values.size() == 1 ? 0 : d]));
    }
  }
  if (chain.vector && dims > max_event)
    throw Error("INVALID_SHAPE", "bijectors that mix dimensions take at most " + std::to_string(max_event) + ", got " +
                                     std::to_string(dims));
  return constants;
}

std::vector<float> head_constants(const Trace& trace, BijectorChain& chain) {
  if (trace.head == MultiCategoricalHead::name) return {trace.sizes.begin(), trace.sizes.end()};
  int dims = 1;
  if (!trace.head_inputs.empty() && trace.head_inputs[0] >= 0 && trace.head_inputs[0] < int(trace.widths.size()))
    dims = trace.widths[trace.head_inputs[0]];
  return chain_constants(trace.bijectors, dims, chain);
}

template std::vector<float> chain_constants<float>(const std::vector<BijectorOperation>&, int, BijectorChain&);
template std::vector<double> chain_constants<double>(const std::vector<BijectorOperation>&, int, BijectorChain&);

// One instruction before columns are known: operands are values, with the part of them that is meant.
static std::vector<Step> steps_of(const Trace& trace) {
  std::vector<Step> steps;
  std::vector<bool> defined(trace.widths.size(), false);
  if (trace.widths.empty()) malformed("no values");
  for (int w : trace.widths)
    if (w < 1 || w > 1 << 20) malformed("a value of width " + std::to_string(w));
  defined[0] = true;
  for (const Trace::State& state : trace.states) {
    if (state.value < 1 || state.value >= int(defined.size()) || defined[state.value])
      malformed("a state is no new value");
    defined[state.value] = true;
  }
  const auto parameters_at = [&](const Operation& o, int offset, int64_t count) {
    expect(offset >= 0 && offset + count <= trace.parameter_count, o,
           "parameters at " + std::to_string(offset) + " lie outside the arena of " +
               std::to_string(trace.parameter_count));
  };
  for (const Operation& o : trace.operations) {
    expect(o.output > 0 && o.output < int(defined.size()) && !defined[o.output], o, "its output is no new value");
    for (int i : o.inputs)
      expect(i >= 0 && i < int(defined.size()) && defined[i], o, "an input is not computed before it");
    defined[o.output] = true;
    const int width = trace.widths[o.output];
    const auto inputs = [&](size_t n) { expect(o.inputs.size() == n, o, "expected " + std::to_string(n) + " inputs"); };
    const auto parameters = [&](size_t n) {
      expect(o.parameters.size() == n, o, "expected " + std::to_string(n) + " parameter offsets");
    };
    const auto constants = [&](size_t n) {
      expect(o.constants.size() == n, o, "expected " + std::to_string(n) + " constants");
      for (double c : o.constants) expect(std::isfinite(c), o, "a constant is not finite");
    };
    const auto input_width = [&](int k) { return trace.widths[o.inputs[k]]; };
    const auto whole = [&](double x, int low, int high) {
      expect(x >= low && x <= high && x == std::floor(x), o, "a constant is no integer within its limits");
      return int(x);
    };
    const auto history = [&](double x) { return whole(x, 1, 1 << 16); };
    const auto window_width = [](int history, int channels) { return 2 + int64_t(history) * (1 + channels); };
    const auto activation = [&] {
      const int variant = o.variant.empty() ? index_of(Activations::names, Activations::size, "identity")
                                            : index_of(Activations::names, Activations::size, o.variant);
      expect(variant >= 0, o, "unknown activation '" + o.variant + "'");
      return variant;
    };
    Step s;
    s.out = {o.output, 0, width};
    if (!o.inputs.empty()) s.in = {o.inputs[0], 0, input_width(0)};
    if (o.op == "linear") {
      inputs(1);
      parameters(2);
      parameters_at(o, o.parameters[0], int64_t(s.in.width) * width);
      if (o.parameters[1] >= 0) parameters_at(o, o.parameters[1], width);
      s.op = op_index<Linear>();
      s.variant = activation();
      s.weight = o.parameters[0];
      s.bias = o.parameters[1] < 0 ? -1 : o.parameters[1];
      s.kept = std::string("identity") == Activations::names[s.variant] ? 0 : width;
    } else if (o.op == "activation") {
      inputs(1);
      expect(s.in.width == width, o, "widths differ");
      s.op = op_index<Activate>();
      s.variant = activation();
      s.kept = width;
    } else if (o.op == "add" || o.op == "mul") {
      inputs(2);
      s.in2 = {o.inputs[1], 0, input_width(1)};
      expect(s.in.width == width && s.in2.width == width, o, "widths differ");
      s.op = o.op == "add" ? op_index<Add>() : op_index<Multiply>();
    } else if (o.op == "scale") {
      inputs(1);
      constants(2);
      expect(s.in.width == width, o, "widths differ");
      s.op = op_index<Scale>();
      s.constant[0] = float(o.constants[0]);
      s.constant[1] = float(o.constants[1]);
    } else if (o.op == "slice") {
      inputs(1);
      constants(1);
      const double start = o.constants[0];
      expect(start >= 0 && start == std::floor(start) && start + width <= s.in.width, o,
             "the range lies outside its input");
      s.op = op_index<Copy>();
      s.in = {o.inputs[0], int(start), width};
    } else if (o.op == "concat") {
      expect(!o.inputs.empty(), o, "no inputs");
      s.op = op_index<Copy>();
      int at = 0;
      for (size_t k = 0; k < o.inputs.size(); k++) {
        s.in = {o.inputs[k], 0, input_width(int(k))};
        expect(at + s.in.width <= width, o, "its inputs are wider than its output");
        s.out = {o.output, at, s.in.width};
        at += s.in.width;
        if (k + 1 < o.inputs.size()) steps.push_back(s);
      }
      expect(at == width, o, "its inputs are narrower than its output");
    } else if (o.op == "layer_norm") {
      inputs(1);
      parameters(2);
      constants(1);
      expect(s.in.width == width, o, "widths differ");
      parameters_at(o, o.parameters[0], width);
      parameters_at(o, o.parameters[1], width);
      expect(o.constants[0] > 0, o, "epsilon must be positive");
      s.op = op_index<LayerNorm>();
      s.weight = o.parameters[0];
      s.bias = o.parameters[1];
      s.constant[0] = float(o.constants[0]);
      s.kept = width + 1;
    } else if (o.op == "lstm") {
      inputs(2);
      parameters(2);
      s.in2 = {o.inputs[1], 0, input_width(1)};
      expect(width % 2 == 0 && s.in2.width == width, o, "the carry and the output are [h | c], of one even width");
      const int units = width / 2, in = s.in.width + units;
      parameters_at(o, o.parameters[0], int64_t(in) * 4 * units);
      parameters_at(o, o.parameters[1], 4 * units);
      s.op = op_index<Lstm>();
      s.weight = o.parameters[0];
      s.bias = o.parameters[1];
      s.kept = in + 5 * units;
      s.scratch = true;
    } else if (o.op == "scan") {
      inputs(2);
      s.in2 = {o.inputs[1], 0, input_width(1)};
      expect(s.in.width == 2 * width && s.in2.width == width, o, "the inputs are [decay | input] and a state");
      s.op = op_index<Scan>();
      s.kept = width + 1;
      s.scratch = true;
    } else if (o.op == "window") {
      inputs(2);
      constants(2);
      s.in2 = {o.inputs[1], 0, input_width(1)};
      s.op = op_index<Window>();
      s.solve.history = history(o.constants[0]);
      s.constant[0] = float(o.constants[1]);
      expect(s.constant[0] > 0, o, "the time of a step must be positive");
      expect(window_width(s.solve.history, s.in.width) == width && s.in2.width == width, o, "widths differ");
    } else if (o.op == "neural_cde") {
      inputs(2);
      parameters(1);
      constants(4);
      s.in2 = {o.inputs[1], 0, input_width(1)};
      s.op = op_index<NeuralCde>();
      s.weight = o.parameters[0];
      s.solve = {history(o.constants[0]), whole(o.constants[1], 1, 1 << 20), whole(o.constants[2], 0, 64),
                 index_of(Solvers::names, Solvers::size, o.variant), whole(o.constants[3], 0, max_steps)};
      expect(s.solve.solver >= 0, o, "unknown solver '" + o.variant + "'");
      const int history = s.solve.history, channels = (s.in2.width - 2) / history - 1;
      expect(channels > 0 && window_width(history, channels) == s.in2.width, o, "its second input is no window");
      expect(s.in.width == width, o, "widths differ");
      expect(int64_t(history - 1) * s.solve.substeps <= max_steps, o, "too many steps");
      // Within these and the arena, sizes are no larger than an int.
      expect(width <= 4096 && int64_t(width) * channels <= 1 << 20, o, "its field is too wide");
      int64_t parameters = 0;
      const int sizes[] = {width, s.solve.width, width * channels};
      for (int layer = 0; layer <= s.solve.depth; layer++)
        parameters += (int64_t(sizes[layer > 0]) + 1) * sizes[layer == s.solve.depth ? 2 : 1];
      parameters_at(o, o.parameters[0], parameters);
    } else if (o.op == "parameter") {
      inputs(0);
      parameters(1);
      parameters_at(o, o.parameters[0], width);
      s.op = op_index<Parameter>();
      s.weight = o.parameters[0];
    } else {
      expect(false, o, "no such operation");
    }
    s.derivative_kept = s.op == op_index<Linear>() || s.op == op_index<Activate>();
    s.is_linear = s.op == op_index<Linear>();
    steps.push_back(s);
  }
  for (int v : trace.head_inputs)
    if (v < 0 || v >= int(defined.size()) || !defined[v]) malformed("an input of the head is not computed");
  for (const Trace::State& state : trace.states)
    if (state.next < 0 || state.next >= int(defined.size()) || trace.widths[state.next] != trace.widths[state.value])
      malformed("a state and what replaces it differ in width");
  const auto is_number = [&](int v) { return v >= 0 && v < int(defined.size()) && defined[v] && trace.widths[v] == 1; };
  if (!is_number(trace.value)) malformed("the value estimate must be a computed value of width 1");
  if (trace.bootstrap_value >= 0 && !is_number(trace.bootstrap_value))
    malformed("the bootstrap value must be a computed value of width 1");
  return steps;
}

// Numbers of an action before the bijectors, for a head that reads `n` logits or dimensions.
static int latent_width(const Trace& trace, int n) {
  if (trace.head == CategoricalHead::name) return 1;
  if (trace.head != MultiCategoricalHead::name) return n;
  int64_t sum = 0;
  for (int size : trace.sizes) {
    if (size < 1) malformed("a categorical of " + std::to_string(size) + " logits");
    sum += size;
  }
  if (sum != n) malformed("categoricals of " + std::to_string(sum) + " logits in all, of " + std::to_string(n));
  return int(trace.sizes.size());
}

// Whether nothing but scans reads what is carried, `results` included, so that a tile may hold several steps of a sequence.
static bool steps_at_once(const std::vector<Step>& steps, const Trace& trace, const std::vector<int>& results,
                          const std::vector<int>& next) {
  std::vector<bool> carried(trace.widths.size() + steps.size(), false);
  for (const Trace::State& state : trace.states) carried[state.value] = true;
  for (const Step& s : steps) {
    const bool in = s.in.value >= 0 && carried[s.in.value], in2 = s.in2.value >= 0 && carried[s.in2.value];
    if (in && s.op == op_index<Copy>())
      carried[s.out.value] = true;
    else if (in || (in2 && s.op != op_index<Scan>()))
      return false;
  }
  const auto is_carried = [&](int v) { return carried[v]; };
  return !trace.states.empty() && std::none_of(results.begin(), results.end(), is_carried) &&
         std::none_of(next.begin(), next.end(), is_carried);
}

// Training has no use for the bootstrap value: what only that depends on is left out, and takes no columns.
static void drop_bootstrap(const Trace& trace, std::vector<Step>& steps, std::vector<int>& widths) {
  std::vector<bool> needed(widths.size(), false);
  needed[0] = needed[trace.value] = true;
  for (int v : trace.head_inputs) needed[v] = true;
  for (const Trace::State& state : trace.states) needed[state.value] = needed[state.next] = true;
  for (size_t k = steps.size(); k-- > 0;)
    if (needed[steps[k].out.value])
      for (const Part& part : {steps[k].in, steps[k].in2})
        if (part.value >= 0) needed[part.value] = true;
  steps.erase(std::remove_if(steps.begin(), steps.end(), [&](const Step& s) { return !needed[s.out.value]; }),
              steps.end());
  for (size_t v = 0; v < widths.size(); v++)
    if (!needed[v]) widths[v] = 0;
}

Program build(const Trace& trace, Purpose purpose, const BijectorChain& chain, const float* constants) {
  std::vector<Step> steps = steps_of(trace);
  std::vector<int> widths = trace.widths;
  const bool bootstraps = trace.bootstrap_value >= 0 && purpose == Purpose::inference;
  if (trace.bootstrap_value >= 0 && !bootstraps) drop_bootstrap(trace, steps, widths);
  Layout layout(widths);
  // Head and value write gradients: each has a value of its own, a copy where need be. A discrete head overwrites masked logits as well,
  // which backward of other readers would see.
  std::vector<bool> read(trace.widths.size(), false);
  if (trace.head != GaussianHead::name)
    for (const Operation& o : trace.operations)
      for (int i : o.inputs) read[i] = true;
  std::vector<int> taken;
  const auto own = [&](int value) {
    if (value != 0 && !read[value] && std::find(taken.begin(), taken.end(), value) == taken.end()) {
      taken.push_back(value);
      return value;
    }
    Step s;
    s.op = op_index<Copy>();
    s.in = {value, 0, trace.widths[value]};
    s.out = {layout.add_value(s.in.width), 0, s.in.width};
    steps.push_back(s);
    taken.push_back(s.out.value);
    return s.out.value;
  };

  Program p;
  p.constants = constants;
  p.parameter_count = trace.parameter_count;
  Head& head = p.head;
  head.kind = index_of(Heads::names, Heads::size, trace.head);
  if (head.kind < 0) malformed("unknown head '" + trace.head + "'");
  const bool gaussian = trace.head == GaussianHead::name;
  if (trace.head_inputs.size() != (gaussian ? 2u : 1u))
    malformed("a " + trace.head + " head has " + std::string(gaussian ? "two inputs" : "one input"));
  head.n = trace.widths[trace.head_inputs[0]];
  if (gaussian && trace.widths[trace.head_inputs[1]] != head.n) malformed("mean and scale differ in width");
  if (gaussian && chain.length && chain.dims != head.n) malformed("the bijectors are for another action size");
  head.scale_is_std = trace.scale_is_std;
  head.latent_width = latent_width(trace, head.n);
  if (gaussian) head.bijectors = chain;
  if (trace.mean_entropy) {
    if (trace.head != BernoulliHead::name) malformed("only a bernoulli head takes the mean of its entropies");
    head.entropy_scale = 1.0f / float(head.n);
  }

  std::vector<int> heads;
  for (int v : trace.head_inputs) heads.push_back(own(v));
  const int value = own(trace.value), bootstrap_value = bootstraps ? own(trace.bootstrap_value) : value;
  if (steps.size() > max_instructions) malformed("more than " + std::to_string(max_instructions) + " operations");

  std::vector<int> states, next, results = heads;
  results.push_back(value);
  if (bootstraps) results.push_back(bootstrap_value);
  if (trace.states.size() > max_states) malformed("more than " + std::to_string(max_states) + " states");
  for (const Trace::State& state : trace.states) {
    states.push_back(state.value);
    next.push_back(own(state.next));
  }
  if (steps.size() > max_instructions) malformed("more than " + std::to_string(max_instructions) + " operations");
  p.steps_at_once = steps_at_once(steps, trace, results, next);
  layout.assign(steps, states, next, results, purpose, op_index<Clear>());
  if (steps.size() > max_instructions) malformed("more than " + std::to_string(max_instructions) + " operations");
  for (const Step& s : steps) p.code[p.length++] = layout.instruction(s);
  p.observation = layout.operand(0);
  p.value = layout.operand(value);
  p.bootstrap_value = layout.operand(bootstrap_value);
  for (size_t k = 0; k < heads.size(); k++) head.parameter[k] = layout.operand(heads[k]);

  for (size_t k = 0; k < next.size(); k++) {
    p.state[p.states++] = {layout.operand(trace.states[k].value), layout.operand(next[k])};
    p.carry_width += p.state[k].in.width;
  }
  if (purpose == Purpose::inference) p.carry = layout.add_columns(p.carry_width);

  head.latent = layout.add_columns(head.latent_width);
  head.action = head.bijectors.length ? layout.add_columns(head.n) : head.latent;
  head.log_prob = layout.add_columns(1);
  head.entropy = layout.add_columns(1);
  if (purpose != Purpose::inference) {
    head.d_log_prob = layout.add_columns(1);
    head.d_entropy = layout.add_columns(1);
    if (gaussian) head.entropy_gradient = layout.add_columns(2 * head.n);
    p.sums = layout.add_columns(metric_count);
  }
  p.columns = layout.columns();

  p.work = std::max(trace.parameter_count, 256);
  int accumulators = 0;
  for (int k = 0; k < p.length; k++) {
    Instruction& q = p.code[k];
    const Product product = product_of(q);
    if (q.weight >= 0) {
      q.d_weight = accumulators;
      accumulators += product.stride * product.inputs;
    }
    if (q.bias >= 0) {
      q.d_bias = accumulators;
      accumulators += product.stride;
    }
    accumulators = padded_outputs(accumulators);
    if (product.packed) p.widest = std::max({p.widest, product.stride, product.inputs});
    if (q.op == op_index<NeuralCde>()) {
      const Tableau<float> ode = tableau_of<float>(q.solve.solver, nullptr);
      const CdeLayout cde(q, ode.stages);
      const int cells = purpose == Purpose::inference ? cde.inference : cde.training;
      if (cells > 1 << 26) malformed("a neural_cde needs " + std::to_string(cells) + " numbers per row");
      q.solve.cells = cells;
      p.cells = std::max(p.cells, q.solve.cells);
      // With step control, some 16 steps of a window of four (measured).
      const int64_t steps = cde.intervals * (q.solve.substeps > 0 ? q.solve.substeps : 5);
      p.work += steps * ode.stages * cde.field.parameters();
      p.shared = std::max(p.shared, ode.size() + cde.field.parameters());
    }
  }
  p.accumulators = accumulators + metric_count;
  return p;
}

}  // namespace torsor
