// Columns of values; see columns.h.
#include "program/columns.h"

#include <algorithm>

namespace torsor {

// Values whose gradient somebody needs: it is asked for, or it reaches parameters, be it in the step before through a state.
static std::vector<bool> needed_gradients(int values, const std::vector<Step>& steps, const std::vector<int>& states,
                                          const std::vector<int>& next, const std::vector<int>& results,
                                          bool of_inputs) {
  std::vector<bool> needed(values, false);
  needed[0] = of_inputs;
  for (int v : states) needed[v] = of_inputs;
  for (bool changed = true; changed;) {
    for (const Step& s : steps) {
      bool need = s.weight >= 0;
      for (const Part& part : {s.in, s.in2})
        if (part.value >= 0 && needed[part.value]) need = true;
      if (need) needed[s.out.value] = true;
    }
    changed = false;
    for (size_t k = 0; k < states.size(); k++)
      if (needed[next[k]] && !needed[states[k]]) needed[states[k]] = changed = true;
  }
  for (int v : results) needed[v] = true;
  return needed;
}

void Layout::assign(std::vector<Step>& steps, const std::vector<int>& states, const std::vector<int>& next,
                    const std::vector<int>& results, Purpose purpose, int clear) {
  column_.assign(widths_.size(), -1);
  gradient_.assign(widths_.size(), -1);
  std::vector<int> sources{0}, ends = results;
  sources.insert(sources.end(), states.begin(), states.end());
  ends.insert(ends.end(), next.begin(), next.end());
  if (purpose == Purpose::inference)
    assign_inference(steps, sources, ends);
  else
    assign_training(
        steps, needed_gradients(int(widths_.size()), steps, states, next, results, purpose == Purpose::training_inputs),
        ends, clear);
}

// First fit over the columns that nobody reads any more: a deep network stays in the first-level cache.
void Layout::assign_inference(std::vector<Step>& steps, const std::vector<int>& sources,
                              const std::vector<int>& results) {
  const int end = int(steps.size());
  // What an instruction needs for itself is a value that lives as long as it runs.
  std::vector<int> scratch(end, -1);
  for (int k = 0; k < end; k++)
    if (steps[k].scratch) scratch[k] = add_value(steps[k].kept);
  column_.resize(widths_.size(), -1);
  gradient_.resize(widths_.size(), -1);
  std::vector<int> last(widths_.size(), -1);
  for (int k = 0; k < end; k++)
    for (const Part& part : {steps[k].in, steps[k].in2})
      if (part.value >= 0) last[part.value] = k;
  for (int v : results) last[v] = end;

  std::vector<int> live;
  const auto place = [&](int value) {
    if (column_[value] >= 0) return;
    std::sort(live.begin(), live.end(), [&](int a, int b) { return column_[a] < column_[b]; });
    int at = 0;
    for (int other : live) {
      if (at + widths_[value] <= column_[other]) break;
      at = std::max(at, column_[other] + widths_[other]);
    }
    column_[value] = at;
    columns_ = std::max(columns_, at + widths_[value]);
    live.push_back(value);
  };
  for (int v : sources) place(v);
  for (int k = 0; k < end; k++) {
    if (scratch[k] >= 0) {
      place(scratch[k]);
      steps[k].derivative = column_[scratch[k]];
    }
    place(steps[k].out.value);
    live.erase(std::remove_if(live.begin(), live.end(), [&](int v) { return last[v] <= k && v != steps[k].out.value; }),
               live.end());
  }
}

void Layout::assign_training(std::vector<Step>& steps, const std::vector<bool>& needed, const std::vector<int>& results,
                             int clear) {
  const int values = int(widths_.size());
  for (int v = 0; v < values; v++) {
    column_[v] = add_columns(widths_[v]);
    if (needed[v]) gradient_[v] = add_columns(widths_[v]);
  }

  // In backward the head writes first, then readers in reverse order: the first writer assigns, the others add. A value of which some
  // reader takes only a part, or that nobody reads, is cleared first, and then everybody adds.
  std::vector<bool> written(values, false);
  for (int v : results) written[v] = true;
  std::vector<bool> partly(values, false), read(values, false);
  for (const Step& s : steps)
    for (const Part& part : {s.in, s.in2})
      if (part.value >= 0) {
        read[part.value] = true;
        if (part.width < widths_[part.value]) partly[part.value] = true;
      }
  for (int v = 0; v < values; v++) {
    if (!needed[v] || written[v] || (read[v] && !partly[v])) continue;
    Step s;
    s.op = clear;
    s.out = {v, 0, widths_[v]};
    steps.push_back(s);
    written[v] = true;
  }

  std::vector<int> producer(values, -1), last_writer(values, -1);
  for (int k = 0; k < int(steps.size()); k++)
    if (steps[k].op != clear) producer[steps[k].out.value] = k;
  for (int k = int(steps.size()) - 1; k >= 0; k--) {
    Step& s = steps[k];
    if (s.kept) s.derivative = add_columns(s.kept);
    if (s.in2.value >= 0 && needed[s.in2.value]) {
      s.add_to_in2 = written[s.in2.value];
      written[s.in2.value] = true;
      last_writer[s.in2.value] = k;
    }
    if (s.in.value >= 0 && needed[s.in.value]) {
      s.add_to_in = written[s.in.value];
      written[s.in.value] = true;
      last_writer[s.in.value] = k;
    }
  }
  // Backward of `in` runs before that of `in2` in an instruction that reads a value twice: then it is `in` that assigns.
  for (Step& s : steps)
    if (s.in2.value >= 0 && s.in2.value == s.in.value) std::swap(s.add_to_in, s.add_to_in2);

  // The step from dL/dy to dL/dz is taken by the last writer of dL/dy where that is a linear, which has the columns at hand.
  for (int v = 0; v < values; v++) {
    const int from = producer[v];
    if (from < 0 || !steps[from].derivative_kept || steps[from].derivative < 0) continue;
    const int writer = last_writer[v];
    if (writer >= 0 && steps[writer].is_linear)
      steps[writer].derivative_of_in = steps[from].derivative;
    else
      steps[from].derivative_of_out = steps[from].derivative;
  }
}

Operand Layout::operand(const Part& part) const {
  if (part.value < 0) return {};
  const int gradient = gradient_[part.value];
  return {column_[part.value] + part.start, part.width, gradient < 0 ? -1 : gradient + part.start};
}

Instruction Layout::instruction(const Step& s) const {
  Instruction q;
  q.op = s.op;
  q.variant = s.variant;
  q.in = operand(s.in);
  q.in2 = operand(s.in2);
  q.out = operand(s.out);
  q.weight = s.weight;
  q.bias = s.bias;
  q.statistics = s.statistics;
  q.constant[0] = s.constant[0];
  q.constant[1] = s.constant[1];
  q.solve = s.solve;
  q.derivative = s.derivative;
  q.derivative_of_in = s.derivative_of_in;
  q.derivative_of_out = s.derivative_of_out;
  q.add_to_in = s.add_to_in;
  q.add_to_in2 = s.add_to_in2;
  return q;
}

}  // namespace torsor
