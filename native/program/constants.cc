// Constants of bijectors and heads; see build.h.
#include "device/error.h"
#include "ops/list.h"
#include "program/build.h"
#include "program/names.h"

namespace torsor {

using namespace scalar;  // this file is compiled once: any instruction set's lists will do

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
    const int size = b.size > 0 ? b.size : dims;
    if (dims % size)
      throw Error("INVALID_SHAPE", "bijector '" + b.name + "': groups of " + std::to_string(size) + " do not make up " +
                                       std::to_string(dims) + " dimensions");
    const int kind = index_of<Bijectors>(b.name);
    if (kind < 0) throw Error("UNKNOWN_NAME", "bijector '" + b.name + "' is not known to the native core");
    size_t parameters = 0;
    Bijectors::visit(kind, [&](auto member) {
      using B = decltype(member);
      parameters = B::parameters;
      if (B::vector) chain.size = chain.vector && chain.size != size ? dims : size;
      chain.vector |= B::vector;
      chain.constant &= B::constant;
    });
    if (b.parameters.size() != parameters)
      throw Error("INVALID_ARGUMENT", "bijector '" + b.name + "': expected " + std::to_string(parameters) +
                                          " parameters, got " + std::to_string(b.parameters.size()));
    chain.step[chain.length++] = {kind, b.inverse, int(constants.size()), size};
    for (const std::vector<double>& values : b.parameters) {
      if (values.size() != 1 && int(values.size()) != dims)
        throw Error("INVALID_SHAPE", "bijector '" + b.name + "': expected 1 or " + std::to_string(dims) +
                                         " values of a parameter, got " + std::to_string(values.size()));
      for (int d = 0; d < dims; d++) constants.push_back(S(values[values.size() == 1 ? 0 : d]));
    }
  }
  if (chain.vector && chain.size > max_event)
    throw Error("INVALID_SHAPE", "bijectors that mix dimensions take at most " + std::to_string(max_event) + ", got " +
                                     std::to_string(chain.size));
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

}  // namespace torsor
