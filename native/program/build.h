// From a traced model to programs: columns of values, gradients and derivatives, and offsets of gradient sums.
#pragma once
#include <string>
#include <vector>
#include "program/instruction.h"

namespace torsor {

// What TypeScript sends: one operation over values, which are numbered; value 0 is the observation.
struct Operation {
  std::string op, variant;
  std::vector<int> inputs, parameters;
  int output = 0;
  std::vector<double> constants;
};

struct BijectorOperation {
  std::string name;
  bool inverse = false;
  std::vector<std::vector<double>> parameters;
  int size = 0;  // dimensions of an event, of which there are several; 0: all
};

struct Trace {
  std::vector<int> widths;
  std::vector<Operation> operations;
  std::string head;
  std::vector<int> head_inputs;
  bool scale_is_std = false;
  std::vector<BijectorOperation> bijectors;
  std::vector<int> sizes;     // multi_categorical: logits of each categorical
  bool mean_entropy = false;  // bernoulli: entropy is the mean over the bits, not their sum
  int value = 0;
  int bootstrap_value = -1;  // what the state after the last step of a rollout is worth; -1: the value as ever
  int parameter_count = 0;
  int statistics_count = 0;                  // floats of statistics, which lie in the arena behind the parameters
  Precision precision = Precision::float32;  // of the products of matrices
  By lstm_by = By::kernels;                  // of an LSTM over a sequence
  By products_by = By::kernels;              // of products of matrices, where a program goes by layers
  struct State {
    int value, next;  // what an operation reads, and what replaces it after the step
  };
  std::vector<State> states;
};

// Names of operations and heads a trace may use.
std::vector<std::string> operation_names();
std::vector<std::string> head_names();

// Constants of the bijectors, in the order of `chain`, whose steps get their offsets. `dims` is the size of the action.
template <class S = float>
std::vector<S> chain_constants(const std::vector<BijectorOperation>&, int dims, BijectorChain& chain);

// What Program::constants of a trace points to: the constants above, or the sizes of several categoricals.
std::vector<float> head_constants(const Trace&, BijectorChain& chain);

enum class Purpose {
  inference,        // columns are reused as soon as nobody reads them
  training,         // everything is kept, with gradients
  training_inputs,  // ... and the gradients of the observation and of the carry too
};

// Throws Error: a malformed trace never reaches the kernels. `constants` must outlive the program.
Program build(const Trace&, Purpose, const BijectorChain&, const float* constants);

}  // namespace torsor
