// The program of a model: a flat list of instructions over the columns of a tile, and the head that makes actions of them. Plain data:
// it is built from what TypeScript traced (program/build.h) and read by the CPU kernels of every instruction set and by CUDA.
#pragma once
#include <cstdint>
#include "math/adam.h"
#include "math/bijector_chain.h"
#include "math/ppo_loss.h"

namespace torsor {

class Choices;

constexpr int tile_rows =
    64;  // rows of the batch that one CPU thread or one CUDA block carries through the whole program
constexpr int small_rows = 16;  // the last rows of a batch that do not fill a tile, and small batches
constexpr int all_rows = INT32_MAX;
constexpr int max_instructions = 128;

// A value of the program: `width` columns of a tile.
struct Operand {
  int column = 0, width = 0;
  int gradient = -1;  // first column of dL/dvalue; -1: nobody needs it
};

// What a window and a differential equation over it are told besides.
struct Solve {
  int history = 0;           // places of the window
  int width = 0, depth = 0;  // hidden layers of the field
  int solver = 0;            // index in Solvers
  int substeps = 0;          // steps between two knots; 0: step control
  int cells = 0;             // numbers that the solution of a row needs, see Program::cells
};

// What the operands of a product of matrices are rounded to; sums are float32. The CPU computes in float32 whatever is asked for.
enum class Precision { float32, tf32, bf16 };

// Who runs what a library of the device can run too: our own kernels, whichever measures faster there, or the library in any case.
enum class By { kernels, faster, library };

struct Instruction {
  int op = 0;       // index in Ops
  int variant = 0;  // linear, activation: index in Activations
  Operand in, in2, out;
  int weight = -1, bias = -1;  // offsets in the arena; -1: absent. A linear weight is [in][out]
  int statistics = -1;         // offset in the arena, behind all parameters; -1: none
  float constant[2] = {0, 0};
  Precision precision = Precision::float32;
  Solve solve;

  // Training only.
  int derivative = -1;  // columns that keep activation'(z); -1: the activation is the identity
  int derivative_of_in =
      -1;  // linear: it is the last to write the gradient of `in` and takes it from dL/dy to dL/dz with these columns
  int derivative_of_out =
      -1;  // columns that take dL/d(out) from dL/dy to dL/dz before backward; -1: nothing to do, or a reader has done it
  bool add_to_in = false, add_to_in2 = false;  // another reader has already written this gradient
  int d_weight = -1, d_bias = -1;              // offsets in the accumulators
};

// What turns values into an action; which fields count depends on the kind.
struct Head {
  int kind = 0;               // index in Heads
  Operand parameter[2];       // gaussian: mean, scale; the discrete ones: logits
  bool scale_is_std = false;  // gaussian: the scale is the standard deviation, not its logarithm
  int n = 0;                  // dimensions of the action, or number of logits
  int latent_width = 0;       // floats of an action before the bijector: n, or one for each index
  BijectorChain bijectors{};  // gaussian: from latent to action; constants in Program::constants
  float entropy_scale = 1;    // bernoulli: 1 / n where the mean over the bits is asked for

  int latent = 0, action = 0;     // columns
  int log_prob = 0, entropy = 0;  // columns, one each; the gradients that reach them follow: d_log_prob, d_entropy
  int d_log_prob = 0, d_entropy = 0;
  int entropy_gradient = 0;  // training: columns d entropy / d parameter, in the order of the parameters
};

// A part of the carry of a recurrent model: `in` holds it before a step, `out` after.
struct State {
  Operand in, out;
};
constexpr int max_states = 8;

struct Program {
  Instruction code[max_instructions];
  int length = 0;
  Operand observation, value;
  Operand bootstrap_value;  // inference: what stands in for the future where a rollout stops; usually the value
  Head head;
  const float* constants = nullptr;  // of the bijectors, or the sizes of several categoricals
  State state[max_states];
  int states = 0;
  int carry_width = 0;       // of all states, one after another
  int carry = 0;             // inference: columns for the carry between two steps
  int lone_lstm = -1;        // the LSTM that a library may run over whole sequences, see lone_lstm.h; -1: none
  By lstm_by = By::kernels;  // who runs that one
  bool by_layers = false;    // all rows of a step may go through an instruction before the next begins, see build.cc
  By products_by = By::kernels;  // who multiplies matrices then
  bool steps_at_once = false;    // what is carried is read by scans alone: a tile may hold several steps of a sequence
  int columns = 0;               // width of a tile
  int parameter_count = 0;       // learned ones, at the start of the arena
  int statistics_count = 0;      // floats of statistics behind them
  int accumulators =
      0;  // floats of one set of gradient sums, metrics behind them; linear weights are padded, see linear_backward.simd.cc
  int sums = 0;    // training: columns of running sums over rows, one per Metric
  int widest = 0;  // widest padded output of a linear, for its backward's scratch
  // Scratch of the instruction that needs most: numbers (double, or float) of every row that is taken at once, and numbers for all of them.
  int cells = 0, shared = 0;
  int64_t work = 0;            // multiply-adds of a row, about
  Choices* choices = nullptr;  // of the model, for those who measure; null: nothing is measured
};

struct Noise {
  uint64_t seed, counter;  // the counter stays below 2^48
  uint32_t stream;
};

// The steps of a recurrent call. Arrays with a row per step are [steps][stride]...; a tile of rows runs through all steps.
struct Sequence {
  int steps = 1;
  int64_t stride = 0;                    // rows of a step in the arrays
  const uint8_t* done = nullptr;         // [steps][stride]: the carry is cleared after the step; null: never
  const float* carry = nullptr;          // [rows][carry_width] before the first step; null: zeros
  const int32_t* carry_index = nullptr;  // place of each row in `carry`; null: its own number
  float* final_carry = nullptr;          // [rows][carry_width], or null
  // Training only.
  float* d_carry = nullptr;  // [rows][carry_width]: gradient of `carry`, or null
  int burn_in = 0;           // steps at the start that only warm the carry up: no loss, no gradient
  int segment = 0;           // steps that are kept at once, the others are computed again in backward; 0: all
};

// An LSTM that takes all steps of a sequence at once, outside of the tiles, which then have a row per step. They go through the program in up to
// three passes, each with the arrays that are not null: x is given, [rows][inputs], and the pass ends; or h is taken, [rows][units], and the
// pass ends once d_h is given; or h and d_x are taken.
struct Recurrence {
  const int32_t* place = nullptr;  // of each row in these arrays; null: the tiles take the steps
  float* x = nullptr;
  const float* h = nullptr;
  float* d_h = nullptr;
  const float* d_x = nullptr;
};

// Arrays of a call are indexed by the row of the batch; with `index`, row r reads and writes place index[r] of the arrays.
struct StepIO {
  const float *parameters, *packed;  // packed: linear weights reordered for the microkernel, see pack.h
  const float* observation;
  const uint8_t* mask;  // discrete heads: [rows][n], 1 where allowed; null: everything is
  float* action;        // gaussian [rows][n]
  int32_t* choice;      // discrete heads [rows][latent_width]
  float* latent;        // [rows][latent_width] or null
  float *log_prob, *value;
  Noise noise;
  bool deterministic;
  float* carry;  // recurrent models: [rows][carry_width], read and overwritten
};

struct ForwardIO {
  const float *parameters, *packed;
  const float* observation;
  float* output[2];        // the head's parameters or null
  float* value;            // or null
  float* bootstrap_value;  // or null
  const uint8_t* wanted;   // [rows]: rows without the flag may be left out; null: none may
  Sequence sequence;
  Recurrence recurrence;
};

struct EvaluateIO {
  const float *parameters, *packed;
  const float* observation;
  const float* latent;  // [rows][latent_width]; actions after the bijector if `is_action`
  const uint8_t* mask;
  bool is_action;
  float *log_prob, *entropy, *value;
  Sequence sequence;
  Recurrence recurrence;
};

struct GradientIO {
  const float *parameters, *packed, *packed_transposed;
  const int32_t* index;  // or null
  const float *observation, *latent;
  const uint8_t* mask;
  bool exact_entropy;  // with its gradients, where a quadrature gives it; otherwise gradients are those of the base
  int entropy_rows;    // those with smaller numbers have their entropy all the same, for the metric
  // Either gradients at the heads, one per row ...
  const float *d_log_prob, *d_entropy, *d_value;
  float* d_observation;  // [rows][n_observation] or null
  // ... or the PPO loss of a minibatch of `loss_rows` rows, when d_log_prob is null.
  const float *old_log_prob, *advantage, *target, *old_value;
  const float* old_head[2];  // parameters of a gaussian head under the policy of the rollout, for the exact KL; or null
  float *new_value, *ratio;  // receive the values and probability ratios of the minibatch, or null
  PpoConfig ppo;
  const AdvantageMoments* moments;
  int loss_rows;
  const UpdateGate* gate;  // once it says stop, a GPU computes nothing; or null
  Sequence sequence;
  Recurrence recurrence;

  // Gradients of the observation or of the carry are asked for, which takes a program of its own.
  bool of_inputs() const { return d_observation || sequence.d_carry; }
};

}  // namespace torsor
