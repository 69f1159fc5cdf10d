// Runs programs with every op through the CPU kernels and through the CUDA tile on the host, and prints how far they are apart.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>
#include "device/kernels.h"
#include "on_host.h"
#include "ops/memory.h"
#include "program/build.h"

namespace torsor::baseline {
extern const Kernels kernel_table;
}

using namespace torsor;
using Floats = std::vector<float>;

static std::mt19937 generator(7);
static Floats normals(size_t n, float scale = 1) {
  std::normal_distribution<float> normal(0, scale);
  Floats x(n);
  for (float& v : x) v = normal(generator);
  return x;
}

static double largest = 0;
static void compare(const char* what, const char* program, const Floats& cpu, const Floats& cuda) {
  double worst = 0;
  for (size_t i = 0; i < cpu.size(); i++) {
    const double error = std::fabs(cpu[i] - cuda[i]) / (1 + std::fabs(cpu[i]));
    worst = error <= worst ? worst : error;  // a NaN is the worst
  }
  if (!(worst <= largest)) largest = worst;
  std::printf("%s %s %.2e\n", program, what, worst);
}

// Every op but lstm: two layers, layer norm, an activation of its own, a product, a sum, slices, a concatenation, learned vectors, windows of three
// and the differential equation over them, with step control and without.
static Trace trace(const char* head, const char* bijector = "", int parameters_of_bijector = 0) {
  Trace t;
  t.widths = {17, 21, 21, 21, 10, 11, 21, 21, 21, 37, 5, 5, 1, 20, 20, 5, 5, 5, 20, 20, 20, 3, 3, 3, 6, 5, 5};
  t.operations = {
      {"linear", "gelu", {0}, {0, 357}, 1, {}},  // 17 x 21 weights, 21 biases
      {"layer_norm", "", {1}, {378, 399}, 2, {1e-5}},
      {"activation", "tanh", {2}, {}, 3, {}},
      {"slice", "", {3}, {}, 4, {0}},
      {"slice", "", {3}, {}, 5, {10}},
      {"concat", "", {5, 4}, {}, 6, {}},
      {"mul", "", {6, 1}, {}, 7, {}},
      {"add", "", {7, 2}, {}, 8, {}},
      {"linear", "silu", {8}, {420, -1}, 9, {}},          // 21 x 37, no bias
      {"linear", "identity", {9}, {1197, 1382}, 10, {}},  // 37 x 5, 5
      {"parameter", "", {}, {1387}, 11, {}},              // 5
      {"linear", "identity", {9}, {1392, 1429}, 12, {}},  // 37, 1
      {"slice", "", {8}, {}, 13, {0}},
      {"scale", "", {13}, {}, 14, {0, 0}},  // an empty window
      {"slice", "", {0}, {}, 15, {0}},
      {"slice", "", {0}, {}, 16, {5}},
      {"slice", "", {0}, {}, 17, {10}},
      {"window", "", {15, 14}, {}, 18, {3, 0.5}},
      {"window", "", {16, 18}, {}, 19, {3, 0.5}},
      {"window", "", {17, 19}, {}, 20, {3, 0.5}},
      {"slice", "", {8}, {}, 21, {0}},
      {"neural_cde", "tsit5", {21, 20}, {1430}, 22, {3, 4, 1, 0}},  // 3 x 4, 4, 4 x 15, 15
      {"neural_cde", "bosh3", {21, 20}, {1430}, 23, {3, 4, 1, 2}},
      {"concat", "", {22, 23}, {}, 24, {}},
      {"linear", "identity", {24}, {1521, -1}, 25, {}},  // 6 x 5, no bias
      {"add", "", {10, 25}, {}, 26, {}},
  };
  t.parameter_count = 1551;
  t.value = 12;
  t.head = head;
  if (t.head == "gaussian") {
    t.head_inputs = {26, 11};
    BijectorOperation b;
    b.name = bijector;
    for (int k = 0; k < parameters_of_bijector; k++) b.parameters.push_back({k == 1 ? 1e-4 : k == 2 ? 0.9999 : 1.0});
    t.bijectors = {b};
  } else {
    // The learned vector joins the logits, so that nothing is left unread.
    t.widths.push_back(5);
    t.operations.push_back({"add", "", {26, 11}, {}, 27, {}});
    t.head_inputs = {27};
    if (t.head == "multi_categorical") t.sizes = {2, 3};
    t.mean_entropy = t.head == "bernoulli";
  }
  return t;
}

// Aligned as the arena is; the row path reads whole vectors behind it.
static float* aligned(Floats& memory) {
  return memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) / 4;
}

static void check(const char* name, const Trace& t, int rows, bool small) {
  const Kernels& cpu = baseline::kernel_table;
  BijectorChain chain;
  const Floats constants = head_constants(t, chain);
  const Program inference = build(t, Purpose::inference, chain, constants.data());
  const Program training = build(t, Purpose::training_inputs, chain, constants.data());
  const int latent_width = inference.head.latent_width;

  Floats parameter_memory = normals(t.parameter_count + arena_padding + 16, 0.3f),
         packed_memory(parameter_memory.size()), transposed_memory(parameter_memory.size());
  float *parameters = aligned(parameter_memory), *packed = aligned(packed_memory),
        *transposed = aligned(transposed_memory);
  cpu.pack(training, parameters, packed, transposed);
  Floats workspace_memory(std::max(cpu.workspace(training, Sequence{}), on_host::columns_and_scratch(training)) + 16);
  float* workspace = aligned(workspace_memory);

  const Floats observation = normals(rows * 17);
  std::vector<uint8_t> mask(rows * 5, 1);
  for (int r = 0; r < rows; r++) mask[r * 5 + r % 5] = r % 3 == 0;

  Floats action(rows * 5), latent(rows * latent_width), log_prob(rows), value(rows), other_action(action),
      other_latent(latent), other_log_prob(rows), other_value(rows);
  std::vector<int32_t> choice(rows * latent_width), other_choice(rows * latent_width);
  const Noise noise{0x123456789abcdefull, 42, 3};
  const bool discrete = t.head != "gaussian";
  StepIO step{parameters,
              packed,
              observation.data(),
              discrete ? mask.data() : nullptr,
              discrete ? nullptr : action.data(),
              discrete ? choice.data() : nullptr,
              latent.data(),
              log_prob.data(),
              value.data(),
              noise,
              false};
  cpu.act(inference, step, 0, rows, workspace);
  step.action = discrete ? nullptr : other_action.data();
  step.choice = discrete ? other_choice.data() : nullptr;
  step.latent = other_latent.data();
  step.log_prob = other_log_prob.data();
  step.value = other_value.data();
  on_host::act(inference, step, rows, small, workspace);
  compare("action", name, action, other_action);
  compare("latent", name, latent, other_latent);
  compare("log_prob", name, log_prob, other_log_prob);
  compare("value", name, value, other_value);
  if (choice != other_choice) largest = 1;

  Floats entropy(rows), other_entropy(rows);
  EvaluateIO given{parameters, packed,          observation.data(), latent.data(), step.mask,
                   false,      log_prob.data(), entropy.data(),     value.data()};
  cpu.evaluate(inference, given, 0, rows, workspace);
  given.log_prob = other_log_prob.data();
  given.entropy = other_entropy.data();
  on_host::evaluate(inference, given, rows, small, workspace);
  compare("entropy", name, entropy, other_entropy);
  compare("log_prob of the latent", name, log_prob, other_log_prob);

  // Rows in another order, as a minibatch has them.
  std::vector<int32_t> index(rows);
  for (int r = 0; r < rows; r++) index[r] = (r * 7 + 3) % rows;
  const Floats advantage = normals(rows), target = normals(rows), old_value = normals(rows);
  Floats d_observation(rows * 17), other_d_observation(rows * 17);
  GradientIO io{};
  io.parameters = parameters;
  io.packed = packed;
  io.packed_transposed = transposed;
  io.index = index.data();
  io.observation = observation.data();
  io.latent = latent.data();
  io.mask = step.mask;
  io.exact_entropy = true;
  io.d_observation = d_observation.data();
  io.old_log_prob = log_prob.data();
  io.advantage = advantage.data();
  io.target = target.data();
  io.old_value = old_value.data();
  const AdvantageMoments moments;
  io.moments = &moments;
  io.ppo.value_coefficient = 0.5f;
  io.ppo.clip_ratio = 0.2f;
  io.ppo.clip_value = 0.2f;
  io.ppo.entropy_coefficient = 0.01f;
  io.loss_rows = rows;
  Floats sums(training.accumulators + 16), other_sums(training.accumulators + 16), gradient(t.parameter_count),
      other_gradient(t.parameter_count);
  double metrics[metric_count], other_metrics[metric_count];
  float *own = aligned(sums), *other = aligned(other_sums);
  cpu.gradient(training, io, 0, rows, workspace, own);
  cpu.collect(training, &own, 1, gradient.data(), metrics);
  io.d_observation = other_d_observation.data();
  on_host::gradient(training, io, rows, small, workspace, other);
  cpu.collect(training, &other, 1, other_gradient.data(), other_metrics);
  compare("gradient", name, gradient, other_gradient);
  compare("gradient of the observation", name, d_observation, other_d_observation);
  compare("metrics", name, Floats(metrics, metrics + metric_count),
          Floats(other_metrics, other_metrics + metric_count));
  double size = 0;
  for (float g : gradient) size += std::fabs(g);
  if (!(size > 1e-3)) largest = 1;  // nothing was compared
}

// A scan through a sequence: the steps of few rows share tiles.
static void check_scan(int rows, int steps) {
  Trace t;
  t.widths = {3, 5, 5, 5, 10, 5, 5, 1};
  t.states = {{1, 5}};
  t.operations = {{"linear", "sigmoid", {0}, {0, 15}, 2, {}},    // 3 x 5, 5
                  {"linear", "identity", {0}, {20, 35}, 3, {}},  // 3 x 5, 5
                  {"concat", "", {2, 3}, {}, 4, {}},
                  {"scan", "", {4, 1}, {}, 5, {}},
                  {"linear", "identity", {5}, {40, 65}, 6, {}},   // 5 x 5, 5
                  {"linear", "identity", {5}, {70, 75}, 7, {}}};  // 5 x 1, 1
  t.parameter_count = 80;
  t.value = 7;
  t.head = "categorical";
  t.head_inputs = {6};
  const Kernels& cpu = baseline::kernel_table;
  const Program p = build(t, Purpose::training_inputs, BijectorChain{}, nullptr);
  Floats parameter_memory = normals(t.parameter_count + arena_padding + 16), packed_memory(parameter_memory.size()),
         transposed_memory(parameter_memory.size());
  float *parameters = aligned(parameter_memory), *packed = aligned(packed_memory),
        *transposed = aligned(transposed_memory);
  cpu.pack(p, parameters, packed, transposed);

  const int all = rows * steps;
  const Floats observation = normals(all * 3), carry = normals(rows * 5), weights = normals(all);
  Floats choice(all), d_observation(all * 3), other_d_observation(all * 3), d_carry(rows * 5), other_d_carry(rows * 5);
  std::vector<uint8_t> done(all);
  for (int k = 0; k < all; k++) {
    choice[k] = float(k % 5);
    done[k] = k % 11 == 4;
  }
  GradientIO io{};
  io.parameters = parameters;
  io.packed = packed;
  io.packed_transposed = transposed;
  io.observation = observation.data();
  io.latent = choice.data();
  io.d_log_prob = io.d_entropy = io.d_value = weights.data();
  io.d_observation = d_observation.data();
  io.sequence.steps = steps;
  io.sequence.stride = rows;
  io.sequence.done = done.data();
  io.sequence.carry = carry.data();
  io.sequence.d_carry = d_carry.data();
  Floats memory(cpu.workspace(p, io.sequence) + 16), sums(p.accumulators + 16), other_sums(p.accumulators + 16),
      gradient(t.parameter_count), other_gradient(t.parameter_count);
  double metrics[metric_count];
  float *own = aligned(sums), *other = aligned(other_sums);
  cpu.gradient(p, io, 0, rows, aligned(memory), own);
  cpu.collect(p, &own, 1, gradient.data(), metrics);
  io.d_observation = other_d_observation.data();
  io.sequence.d_carry = other_d_carry.data();
  on_host::gradient_of_sequence(p, io, rows, aligned(memory), other);
  cpu.collect(p, &other, 1, other_gradient.data(), metrics);
  compare("gradient", "scan", gradient, other_gradient);
  compare("gradient of the observation", "scan", d_observation, other_d_observation);
  compare("gradient of the carry", "scan", d_carry, other_d_carry);
  if (!p.steps_at_once || !(std::fabs(gradient[0]) > 1e-3)) largest = 1;  // nothing was compared
}

int main() {
  for (bool small : {false, true})
    for (int rows : {1, 16, 63, 150}) {
      check("tanh", trace("gaussian", "tanh"), rows, small);
      check("maxnorm", trace("gaussian", "maxnorm", 4), rows, small);
      for (const char* head : {"categorical", "multi_categorical", "bernoulli"}) check(head, trace(head), rows, small);
    }
  for (int rows : {1, 3, 20})
    for (int steps : {2, 70}) check_scan(rows, steps);
  std::printf("largest %.2e\n", largest);
}
