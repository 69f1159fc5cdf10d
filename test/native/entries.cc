// What random programs are made of: a new operation, a new head and a new bijector with parameters get an entry here. Activations and
// bijectors without parameters are taken from their lists.
#include "builder.h"

namespace torsor::test {

const std::vector<OperationEntry> operation_entries = {
    {"linear", false, [](Builder& b) { b.linear(b.any(), b.width(), b.activation()); }},
    {"activation", false,
     [](Builder& b) {
       const int x = b.any();
       b.operation("activation", {x}, b.width_of(x), {}, {}, b.activation());
     }},
    {"add", false,
     [](Builder& b) {
       const int x = b.any(), y = b.of_width(b.width_of(x));  // one value twice, now and then
       b.operation("add", {x, y}, b.width_of(x));
     }},
    {"mul", false,
     [](Builder& b) {
       const int x = b.any(), y = b.of_width(b.width_of(x));
       b.operation("mul", {x, y}, b.width_of(x));
     }},
    {"scale", false,
     [](Builder& b) {
       const int x = b.any();
       b.operation("scale", {x}, b.width_of(x), {}, {b.random.between(-1.5, 1.5), b.random.between(-1, 1)});
     }},
    {"concat", false,
     [](Builder& b) {
       std::vector<int> parts;
       int width = 0;
       for (int k = 1 + b.random.below(3); k > 0; k--) {
         parts.push_back(b.any());
         width += b.width_of(parts.back());
       }
       b.operation("concat", parts, width);
     }},
    {"slice", false,
     [](Builder& b) {
       const int x = b.any(), width = 1 + b.random.below(b.width_of(x));
       b.operation("slice", {x}, width, {}, {double(b.random.below(b.width_of(x) - width + 1))});
     }},
    {"layer_norm", false,
     [](Builder& b) {
       const int x = b.of_width(5 + b.random.below(20)), width = b.width_of(x);  // of two or three numbers it is a step
       const int scale = b.parameters(width, 0.3f, 1), bias = b.parameters(width, 0.3f);
       b.operation("layer_norm", {x}, width, {scale, bias}, {1e-3});
     }},
    {"normalize", false,
     [](Builder& b) {
       const int all = b.width_of(0), width = 1 + b.random.below(all);
       b.operation("normalize", {0}, width, {b.statistics(width)},
                   {1e-8, b.random.between(0.5, 3), double(b.random.below(all - width + 1))});
     }},
    {"parameter", false,
     [](Builder& b) {
       const int width = b.width();
       b.operation("parameter", {}, width, {b.parameters(width, 0.5f)});
     }},
    {"lstm", true,
     [](Builder& b) {
       const int x = b.any(), units = 1 + b.random.below(9), state = b.state(2 * units), inputs = b.width_of(x) + units;
       const int weight = b.parameters(inputs * 4 * units, 1 / std::sqrt(float(inputs))),
                 bias = b.parameters(4 * units, 0.3f);
       b.replace(state, b.operation("lstm", {x, state}, 2 * units, {weight, bias}));
     }},
    {"scan", true,
     [](Builder& b) {
       const int x = b.any(), width = b.width(), state = b.state(width);
       const int decay = b.linear(x, width, "sigmoid"), input = b.linear(x, width);
       const int both = b.operation("concat", {decay, input}, 2 * width);
       b.replace(state, b.operation("scan", {both, state}, width));
     }},
    {"window", true,
     [](Builder& b) {
       const int x = b.narrow(), history = 1 + b.random.below(4), width = 2 + history * (1 + b.width_of(x));
       const int state = b.state(width, false);
       b.replace(state, b.operation("window", {x, state}, width, {}, {double(history), 0.25}));
     }},
    {"neural_cde", false,
     [](Builder& b) {
       const int channels = 1 + b.random.below(3), history = 3, width = 2 + history * (1 + channels);
       int window = b.operation("scale", {b.of_width(width)}, width, {}, {0, 0});  // an empty one
       for (int k = 1 + b.random.below(4); k > 0; k--)
         window = b.operation("window", {b.linear(b.any(), channels, "tanh"), window}, width, {}, {3, 0.5});
       const int units = 1 + b.random.below(4), hidden = 1 + b.random.below(5), depth = b.random.below(3);
       int count = 0;
       const int sizes[] = {units, hidden, units * channels};
       for (int layer = 0; layer <= depth; layer++) count += (sizes[layer > 0] + 1) * sizes[layer == depth ? 2 : 1];
       b.operation("neural_cde", {b.linear(b.any(), units, "tanh"), window}, units, {b.parameters(count, 0.4f)},
                   {3, double(hidden), double(depth), double(b.random.below(3))}, b.solver());
     }},
    {"clamp", false,
     [](Builder& b) {
       const int x = b.any();
       b.operation("clamp", {x}, b.width_of(x), {},
                   {b.random.between(-1, 0), b.random.between(0.1, 1), b.random.chance(0.5) ? 1.0 : 0.0});
     }},
};

static bool scalar_only(int bijector) {
  bool vector = false;
  scalar::Bijectors::visit(bijector, [&](auto b) { vector = decltype(b)::vector; });
  return !vector;
}

const std::vector<HeadEntry> head_entries = {
    {"gaussian",
     [](Builder& b) {
       Trace& t = b.trace;
       const int bijector = b.bijector();
       const int n = 1 + b.random.below(bijector >= 0 && scalar_only(bijector) ? 6 : 3),
                 from = b.any();  // quadrature: 5^n points
       const int mean = b.linear(from, n, "identity", 0.5f);
       int scale;
       t.scale_is_std = b.random.chance(0.3);
       if (t.scale_is_std)
         scale = b.operation("scale", {b.linear(from, n, "sigmoid")}, n, {}, {0.5, 0.3});
       else if (b.random.chance(0.5))
         scale = b.operation("parameter", {}, n, {b.parameters(n, 0.3f, -0.5f)});
       else
         scale = b.operation("scale", {b.linear(b.any(), n, "tanh")}, n, {}, {0.5, -0.5});
       t.head_inputs = {mean, scale};
       if (bijector >= 0) t.bijectors = b.chain(bijector, n);
     }},
    {"categorical",
     [](Builder& b) {
       const int logits = b.linear(b.any(), 2 + b.random.below(8));
       if (b.random.chance(0.3)) b.operation("activation", {logits}, b.width_of(logits), {}, {}, b.activation());
       b.trace.head_inputs = {logits};
     }},
    {"multi_categorical",
     [](Builder& b) {
       int logits = 0;
       for (int k = 1 + b.random.below(3); k > 0; k--) logits += b.trace.sizes.emplace_back(2 + b.random.below(5));
       b.trace.head_inputs = {b.linear(b.any(), logits)};
     }},
    {"bernoulli",
     [](Builder& b) {
       b.trace.mean_entropy = b.random.chance(0.5);
       b.trace.head_inputs = {b.linear(b.any(), 1 + b.random.below(8))};
     }},
};

// Those that have parameters.
const std::vector<BijectorEntry> bijector_entries = {
    {"box",
     [](Random& r, int dims) {
       std::vector<double> centre, half, width, log_scale;
       for (int d = 0; d < dims; d++) {
         centre.push_back(r.between(-1, 1));
         half.push_back(r.between(0.5, 3));
         width.push_back(r.between(0.5, 3));
         log_scale.push_back(std::log(half[d] / width[d]));
       }
       return std::vector<std::vector<double>>{centre, half, width, {1 - 1e-4}, log_scale};
     }},
    {"maxnorm",
     [](Random& r, int) {
       const double scale = r.between(0.5, 3);
       return std::vector<std::vector<double>>{{scale}, {1e-4}, {1 - 1e-4}, {std::log(scale)}};
     }},
    {"scalar_affine",
     [](Random& r, int) {
       const double scale = r.between(0.5, 2);
       return std::vector<std::vector<double>>{{scale}, {r.between(-1, 1)}, {std::log(scale)}};
     }},
};

}  // namespace torsor::test
