// Builds programs from a trace; see build.h.
#include "program/build.h"

#include <algorithm>

#include "device/error.h"
#include "ops/list.h"
#include "program/lone_lstm.h"
#include "program/names.h"
#include "program/steps.h"

namespace torsor {

using namespace scalar;  // this file is compiled once: any instruction set's lists will do

template <class Op> static int op_index() { return index_of<Ops>(Op::name); }

std::vector<std::string> head_names() { return names_of<Heads>(); }

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

// Whether all rows may go through an operation before the next begins: in inference over one step of what is carried, in training around an LSTM that
// a library runs. Whoever does it knows how these sum the gradients of their parameters.
static bool by_layers(const std::vector<Step>& steps, const Trace& trace, Purpose purpose, int lone_lstm) {
  const bool inference = purpose == Purpose::inference;
  const auto can = [&](const Step& s) {
    bool is = false;
    Ops::visit(s.op, [&](auto op) {
      using Op = decltype(op);
      const bool sums = same<Op, Linear> || same<Op, Parameter> || same<Op, LayerNorm>;
      is = sums || (is_rowwise<Op> && s.weight < 0) ||
           (inference ? is_rowwise_step<Op> : lone_lstm == &s - steps.data());
    });
    return is;
  };
  const bool all = std::all_of(steps.begin(), steps.end(), can);
  if (!all && inference && trace.products_by == By::library)
    throw Error(
        "UNSUPPORTED",
        "products: a library multiplies matrices by layers, and a window or a neural_cde goes by tiles; for this "
        "model choose 'torsor' or 'auto'");
  return all;
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
  p.statistics_count = trace.statistics_count;
  Head& head = p.head;
  head.kind = index_of<Heads>(trace.head);
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

  std::vector<int> states, next, results = heads;
  results.push_back(value);
  if (bootstraps) results.push_back(bootstrap_value);
  if (trace.states.size() > max_states) malformed("more than " + std::to_string(max_states) + " states");
  for (const Trace::State& state : trace.states) {
    states.push_back(state.value);
    next.push_back(own(state.next));
  }
  p.steps_at_once = steps_at_once(steps, trace, results, next);
  p.lstm_by = trace.lstm_by;
  p.lone_lstm = lone_lstm(steps, trace, results, next);
  p.products_by = trace.products_by;
  p.by_layers = by_layers(steps, trace, purpose, p.lone_lstm);
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
    if (product.packed) {
      q.precision = trace.precision;
      p.widest = std::max({p.widest, product.stride, product.inputs});
    }
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
