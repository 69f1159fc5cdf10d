// See lone_lstm.h.
#include "program/lone_lstm.h"

#include <algorithm>

#include "device/error.h"
#include "ops/list.h"
#include "program/names.h"

namespace torsor {

using namespace scalar;  // this file is compiled once: any instruction set's lists will do

// Whether a step reads the state, or what replaces it, but for the h of an LSTM that gives it as [h | c].
static bool reads_carry(const Step& s, int state, int next, const Part& out) {
  for (const Part& part : {s.in, s.in2}) {
    if (part.value < 0) continue;
    if (part.value == out.value ? part.start + part.width > out.width / 2 : part.value == state || part.value == next)
      return true;
  }
  return false;
}

static int find(const std::vector<Step>& steps, const Trace& trace, const std::vector<int>& results,
                const std::vector<int>& next) {
  if (trace.states.size() != 1) return -1;
  const auto is_lstm = [](const Step& s) { return s.op == index_of<Ops>(Lstm::name); };
  const auto lstm = std::find_if(steps.begin(), steps.end(), is_lstm);
  const int state = trace.states[0].value;
  if (lstm == steps.end() || lstm->in2.value != state || lstm->in.value == state) return -1;
  const Part& out = lstm->out;
  bool replaces = next[0] == out.value;
  for (const Step& s : steps) {
    if (&s == &*lstm) continue;
    // The copy that replaces the state takes c along, but then nobody else has a use for it.
    if (s.op == index_of<Ops>(Copy::name) && s.out.value == next[0] && s.in.value == out.value &&
        s.in.width == out.width)
      replaces = true;
    else if (is_lstm(s) || reads_carry(s, state, next[0], out))
      return -1;
  }
  const auto is_carried = [&](int v) { return v == state || v == out.value || v == next[0]; };
  if (!replaces || std::any_of(results.begin(), results.end(), is_carried)) return -1;
  return int(lstm - steps.begin());
}

int lone_lstm(const std::vector<Step>& steps, const Trace& trace, const std::vector<int>& results,
              const std::vector<int>& next) {
  if (trace.lstm_by == By::kernels) return -1;
  const int found = find(steps, trace, results, next);
  if (found < 0 && trace.lstm_by == By::library)
    throw Error(
        "UNSUPPORTED",
        "lstm: a library takes a model with one lstm of whose carry nothing but h is read, and that carries nothing "
        "else; for this one choose 'torsor' or 'auto'");
  return found;
}

}  // namespace torsor
