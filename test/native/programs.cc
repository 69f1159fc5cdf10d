// Random programs; see programs.h.
#include "programs.h"

#include <algorithm>
#include "builder.h"

namespace torsor::test {

Floats Random::normals(size_t count, float scale) {
  std::normal_distribution<float> normal(0, scale);
  Floats x(count);
  for (float& v : x) v = normal(engine_);
  return x;
}

template <class Entries> static auto find_entry(const Entries& entries, const std::string& name) {
  const auto found =
      std::find_if(std::begin(entries), std::end(entries), [&](const auto& e) { return name == e.name; });
  return found == std::end(entries) ? nullptr : &*found;
}

static int parameters_of_bijector(int kind) {
  int count = 0;
  scalar::Bijectors::visit(kind, [&](auto b) { count = decltype(b)::parameters; });
  return count;
}

std::vector<std::string> missing_entries() {
  std::vector<std::string> sentences;
  const auto require = [&](const auto& entries, const std::string& what, const std::string& name) {
    if (!find_entry(entries, name))
      sentences.push_back(what + " '" + name + "' is not in the random programs: add it to " + what +
                          "_entries in test/native/entries.cc");
  };
  for (const std::string& name : operation_names()) require(operation_entries, "operation", name);
  for (const std::string& name : head_names()) require(head_entries, "head", name);
  for (int kind = 0; kind < scalar::Bijectors::size; kind++)
    if (parameters_of_bijector(kind)) require(bijector_entries, "bijector", scalar::Bijectors::names[kind]);
  return sentences;
}

// A bijector, perhaps with an affine step behind it or with itself undone: then every inverse is taken where it is defined.
std::vector<BijectorOperation> Builder::chain(int bijector, int dims) {
  const auto make = [&](const std::string& name) {
    const auto* entry = find_entry(bijector_entries, name);
    programs_.used_.insert("bijector " + name);
    const int size = random.chance(0.3) && dims % 2 == 0 ? dims / 2 : 0;
    return BijectorOperation{name, false, entry ? entry->parameters(random, dims) : std::vector<std::vector<double>>{},
                             size};
  };
  std::vector<BijectorOperation> chain{make(scalar::Bijectors::names[bijector])};
  const int more = random.below(3);
  if (more == 1) chain.push_back(make("scalar_affine"));
  if (more == 2) {
    chain.push_back(chain[0]);
    chain[1].inverse = true;
  }
  return chain;
}

Sample Programs::next(bool recurrent) {
  Sample sample;
  Builder b(*this, sample);
  b.start(1 + random_.below(24));
  // The lists in order, from program to program, so that all are taken up; between them a linear, so that programs differ in more than that.
  std::vector<const char*> plain, with_state;
  for (const auto& entry : operation_entries) (entry.recurrent ? with_state : plain).push_back(entry.name);
  const auto add = [&](const char* name) { find_entry(operation_entries, name)->add(b); };
  const int length = 3 + random_.below(5);
  for (int k = 0; k < length; k++) {
    add(plain[operations_++ % plain.size()]);
    if (random_.chance(0.4)) add("linear");
  }
  if (recurrent)
    for (int k = 1 + random_.below(2); k > 0; k--) {
      add(with_state[recurrent_++ % with_state.size()]);
      add(plain[operations_++ % plain.size()]);
    }
  const auto& head = head_entries[heads_++ % head_entries.size()];
  sample.trace.head = head.name;
  used_.insert(std::string("head ") + head.name);
  head.add(b);
  sample.trace.value = b.linear(b.any(), 1);
  if (random_.chance(0.3)) sample.trace.bootstrap_value = b.linear(b.any(), 1);
  for (Operation& o : sample.trace.operations)
    if (o.op == "normalize") o.parameters[0] += sample.trace.parameter_count;
  sample.trace.statistics_count = int(sample.statistics.size());
  sample.parameters.insert(sample.parameters.end(), sample.statistics.begin(), sample.statistics.end());
  sample.name = "random " + std::to_string(++samples_) + " (";
  for (const Operation& o : sample.trace.operations)
    sample.name += o.op + (o.variant.empty() || o.variant == "identity" ? "" : ":" + o.variant) + " ";
  sample.name += sample.trace.head;
  for (const BijectorOperation& o : sample.trace.bijectors) sample.name += (o.inverse ? " -" : " ") + o.name;
  sample.name += ")";
  return sample;
}

std::vector<std::string> Programs::unused(bool recurrent) const {
  std::vector<std::string> names;
  const auto want = [&](const std::string& what) {
    if (!used_.count(what)) names.push_back(what);
  };
  for (const auto& entry : operation_entries)
    if (recurrent || !entry.recurrent) want(std::string("operation ") + entry.name);
  for (const std::string& name : head_names()) want("head " + name);
  for (const char* name : scalar::Activations::names) want(std::string("activation ") + name);
  for (const char* name : scalar::Bijectors::names) want(std::string("bijector ") + name);
  return names;
}

}  // namespace torsor::test
