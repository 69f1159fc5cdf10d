// The kernels of native/device/cuda, emulated, against the CPU kernels: fixed programs, random ones, and what knows no program.
#include <cstdio>
#include "checks.h"
#include "device/processor.h"

using namespace torsor;
using namespace torsor::test;

// Full and partial tiles of both sizes.
constexpr int row_counts[] = {1, 15, 16, 17, 63, 64, 65, 150};
// At least so many, and on until every member of every list has had its turn, which twice as many are plenty for.
constexpr int random_batches = 200, random_sequences = 100;

static bool goes_on(int k, int least, const Programs& programs, bool recurrent) {
  return k < least || (k < 2 * least && !programs.unused(recurrent).empty());
}

// Two layers, layer norm, an activation of its own, a product, a sum, slices, a concatenation, learned vectors.
static Sample feedforward(const char* head, const char* bijector, int parameters_of_bijector, Random& random) {
  Sample s;
  s.name = std::string(head) + (*bijector ? " " : "") + bijector;
  Trace& t = s.trace;
  t.widths = {17, 21, 21, 21, 10, 11, 21, 21, 21, 37, 5, 5, 1};
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
  };
  t.parameter_count = 1430;
  t.value = 12;
  t.head = head;
  if (t.head == "gaussian") {
    t.head_inputs = {10, 11};
    BijectorOperation b;
    b.name = bijector;
    for (int k = 0; k < parameters_of_bijector; k++) b.parameters.push_back({k == 1 ? 1e-4 : k == 2 ? 0.9999 : 1.0});
    t.bijectors = {b};
  } else {
    // The learned vector joins the logits, so that nothing is left unread.
    t.widths.push_back(5);
    t.operations.push_back({"add", "", {10, 11}, {}, 13, {}});
    t.head_inputs = {13};
    if (t.head == "multi_categorical") t.sizes = {2, 3};
  }
  s.parameters = random.normals(1430, 0.3f);
  return s;
}

// A scan that alone reads its state: the steps of few rows share tiles.
static Sample scan(Random& random) {
  Sample s;
  s.name = "scan";
  Trace& t = s.trace;
  t.widths = {3, 5, 5, 5, 10, 5, 5, 1};
  t.states = {{1, 5}};
  t.operations = {{"linear", "sigmoid", {0}, {0, 15}, 2, {}},    // 3 x 5, 5
                  {"linear", "identity", {0}, {20, 35}, 3, {}},  // 3 x 5, 5
                  {"concat", "", {2, 3}, {}, 4, {}},
                  {"scan", "", {4, 1}, {}, 5, {}},
                  {"linear", "identity", {5}, {40, 65}, 6, {}},   // 5 x 5, 5
                  {"linear", "identity", {5}, {70, 75}, 7, {}}};  // 5 x 1, 1
  t.parameter_count = 76;
  t.value = 7;
  t.head = "categorical";
  t.head_inputs = {6};
  s.parameters = random.normals(76);
  return s;
}

// An error of the emulator ends a case, not the others.
static void run(Case& c, Random& random) {
  try {
    check_calls(c, random);
  } catch (const emulator::Error& error) { complain(c.name + ": " + error.what()); }
}

static void check_fixed(Random& random) {
  for (int rows : {1, 16, 63, 150})
    for (const Sample& s : {feedforward("gaussian", "tanh", 0, random), feedforward("gaussian", "maxnorm", 4, random),
                            feedforward("categorical", "", 0, random), feedforward("bernoulli", "", 0, random),
                            feedforward("multi_categorical", "", 0, random)}) {
      Case c(s, rows, 1, random);
      run(c, random);
    }
  for (int rows : {1, 3, 20})
    for (int steps : {2, 70}) {
      Case c(scan(random), rows, steps, random);
      if (!c.training.steps_at_once) complain("the scan does not share tiles");
      run(c, random);
    }
  check_elements(random);
  check_sampling(random);
}

static void check_batches(Random& random) {
  Programs programs(11);
  for (int k = 0; goes_on(k, random_batches, programs, false); k++) {
    Case c(programs.next(false), row_counts[k % std::size(row_counts)], 1, random);
    run(c, random);
  }
  for (const std::string& name : programs.unused(false)) complain("no random batch has had the " + name);
}

static void check_sequences(Random& random) {
  Programs programs(12);
  for (int k = 0; goes_on(k, random_sequences, programs, true); k++) {
    const int rows = row_counts[k % std::size(row_counts)];
    Case c(programs.next(k % 4 != 0), rows, 1 + random.below(rows > 20 ? 3 : 7), random);
    run(c, random);
  }
  for (const std::string& name : programs.unused(true)) complain("no random sequence has had the " + name);
}

// The argument says which part to run: parts can run at once.
int main(int count, char** arguments) {
  static const struct {
    const char* name;
    void (*run)(Random&);
  } parts[] = {{"fixed", check_fixed}, {"batches", check_batches}, {"sequences", check_sequences}};
  const OnProcessor on(0);
  for (const std::string& sentence : missing_entries()) complain(sentence);
  for (const auto& part : parts) {
    if (count < 2 || std::string(arguments[1]) != part.name) continue;
    Random random(7);
    try {
      part.run(random);
    } catch (const std::exception& error) { complain(error.what()); }
  }
  return summary();
}
