// Gradients on CUDA. A block adds up the gradients of its tiles in accumulators of its own, one tile after another, and the sets of all blocks
// are then added in order: on one GPU the sums of a batch are the same bit for bit at every run.
#include "device/cuda/gradient.h"

#include <algorithm>

#include "device/cuda/block.h"
#include "device/cuda/calls.h"
#include "device/cuda/layers.h"
#include "device/cuda/launch.h"
#include "device/cuda/sequence_lstm.h"
#include "device/cuda/stage.h"

namespace torsor::TORSOR_ISA {

constexpr int threads = 128, blocks = 2;  // blocks: as in policy_step.cu

// `sets` is [blocks][program.accumulators].
__global__ void __launch_bounds__(threads, blocks)
    gradient(const __grid_constant__ Program program, const __grid_constant__ GradientIO io,
             const __grid_constant__ Place place, float* sets, int first, int rows) {
  extern __shared__ __align__(16) float columns[];
  if (io.gate && io.gate->stopped) return;
  Memory memory{io.parameters, nullptr, nullptr, sets + int64_t(blockIdx.x) * program.accumulators,
                scratch_of_block(place)};
  memory.done = io.sequence.done;
  memory.recurrence = io.recurrence;
  for (int k = threadIdx.x; k < program.accumulators; k += blockDim.x) memory.accumulators[k] = 0;
  __syncthreads();
  const auto steps = [&](const Tile<small_rows>& tile, int span)
                         INLINE { gradient_of_tile(tile, span, program, io, memory); };
  each_tile<small_rows>(columns, place, program, io.sequence, io.index, first, rows, steps);
}

// sum[k] over `count` sets of `size` numbers.
__global__ void add_sets(const float* sets, int count, int size, float* sum) {
  for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < size; k += gridDim.x * blockDim.x) {
    float total = 0;
    for (int set = 0; set < count; set++) total += sets[int64_t(set) * size + k];
    sum[k] = total;
  }
}

// From accumulators to the order of the arena. Parameters that several instructions share collect from each of them.
__global__ void collect(const __grid_constant__ Program program, const float* accumulators, bool add, float* gradient,
                        double* metrics) {
  const int first = program.accumulators - metric_count;
  for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < metric_count; k += gridDim.x * blockDim.x)
    metrics[k] = (add ? metrics[k] : 0) + accumulators[first + k];
  for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < program.parameter_count; k += gridDim.x * blockDim.x) {
    float sum = add ? gradient[k] : 0;
    for (int i = 0; i < program.length; i++) {
      const Instruction& q = program.code[i];
      const Product m = product_of(q);
      const int of_weight = k - q.weight, of_bias = k - q.bias;
      if (q.weight >= 0 && of_weight >= 0 && of_weight < m.inputs * m.outputs)
        sum += accumulators[q.d_weight + of_weight / m.outputs * m.stride + of_weight % m.outputs];
      if (q.bias >= 0 && of_bias >= 0 && of_bias < m.outputs) sum += accumulators[q.d_bias + of_bias];
    }
    gradient[k] = sum;
  }
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

// The kernel `gradient` over batches of at most `rows` rows, one after another.
class Tiles {
 public:
  Tiles(Call& call, const Program& p, const Sequence& s, int rows) : p_(p) {
    // The last tile may hold other numbers of steps than the full ones.
    const auto floats = [&](int live) { return TORSOR_ISA::floats_of_tile<small_rows>(p, s, live); };
    const int tiles = TORSOR_ISA::tiles_of(rows, small_rows), last = rows - (tiles - 1) * small_rows;
    const int64_t own = int64_t(p.accumulators) * int64_t(sizeof(float));
    const int64_t scratch = TORSOR_ISA::scratch_floats<small_rows>(p);
    if (tiles > 0)
      place_ = place(call, tiles, std::max(tiles > 1 ? floats(small_rows) : 0, floats(last)), scratch, own);
    sets_ = call.scratch<float>(std::max(place_.blocks, 1) * int64_t(p.accumulators));
  }

  // Null: the sums are of no use.
  void run(const GradientIO& io, int first, int rows, float* accumulators) const {
    if (rows > 0)
      launch("gradient", TORSOR_ISA::gradient, place_.blocks, TORSOR_ISA::threads, place_.shared_bytes, p_, io, place_,
             sets_, first, rows);
    if (accumulators) add(sets_, place_.blocks, accumulators);
  }
  void add(const float* sets, int count, float* sum) const {
    launch_each("add_sets", TORSOR_ISA::add_sets, p_.accumulators, sets, count, p_.accumulators, sum);
  }

 private:
  const Program& p_;
  Place place_{};
  float* sets_;
};

static void clear(float* accumulators, const Program& p) {
  check(cudaMemsetAsync(accumulators, 0, size_t(p.accumulators) * sizeof(float), cudaStreamPerThread),
        "clearing sums of gradients");
}

// run(io, first row, rows, whether its sums count) for the rows of every chunk. They run twice: to the gradient of h, and from that of x; what that
// repeats is little beside the LSTM.
template <class Run> static void run_around(SequenceLstm& lstm, const GradientIO& io, Run run) {
  GradientIO of_rows = io;
  of_rows.sequence = {};
  of_rows.index = lstm.index();
  // Rows of all steps, one step after another, of which the first are a burn-in.
  of_rows.entropy_rows =
      lstm.rows_of_steps(io.sequence.burn_in) + io.entropy_rows * (io.sequence.steps - io.sequence.burn_in);
  int chunk = 0;
  for (; chunk + 1 < lstm.chunks(); chunk++) lstm.forward(chunk, false);
  for (; chunk >= 0 && !lstm.is_burn_in(chunk); chunk--) {
    const int from = lstm.first_row(chunk), count = lstm.rows(chunk);
    of_rows.recurrence = lstm.forward(chunk, true);
    of_rows.d_observation = nullptr;
    run(of_rows, from, count, false);
    of_rows.recurrence = lstm.backward(chunk);
    of_rows.d_observation = io.d_observation;
    run(of_rows, from, count, true);
  }
}

// With the LSTM by cuDNN.
static void gradient_of_sequences(Call& call, const Program& p, const GradientIO& io, int first, int rows,
                                  float* accumulators, Path path) {
  SequenceLstm lstm(call, p, io.sequence, io.observation, io.parameters, io.index, first, rows, true, path);
  if (Layers* const layers = lstm.layers()) {
    clear(accumulators, p);
    run_around(lstm, io, [&](const GradientIO& of_rows, int from, int count, bool counts) {
      layers->run(of_rows, from, count, counts ? accumulators : nullptr);
    });
  } else {
    const Tiles tiles(call, p, Sequence{}, lstm.most_rows());
    float* const sums = call.scratch<float>(int64_t(lstm.chunks()) * p.accumulators);
    int trained = 0;
    run_around(lstm, io, [&](const GradientIO& of_rows, int from, int count, bool counts) {
      tiles.run(of_rows, from, count, counts ? sums + int64_t(trained++) * p.accumulators : nullptr);
    });
    tiles.add(sums, trained, accumulators);
  }
  lstm.weight_gradient(accumulators);
}

void gradient(const Program& p, const GradientIO& given, int first, int rows, float*, float* accumulators) {
  Call call("a gradient");
  GradientIO io = given;
  const Range range(io.sequence, first, rows);
  if (!io.index) {  // rows in an order of their own are those of a rollout on the device
    reads(call, io.observation, range, p.observation.width);
    reads(call, io.latent, range, p.head.latent_width);
    reads(call, io.mask, range, p.head.n);
    for (const float** column :
         {&io.d_log_prob, &io.d_entropy, &io.d_value, &io.old_log_prob, &io.advantage, &io.target, &io.old_value})
      reads(call, *column, range);
    const int64_t width = p.observation.width;
    call.updates(io.d_observation, range.first * width, range.count * width);  // a burn-in leaves its rows alone
    stage(call, io.sequence, p.carry_width, first, rows);
  }
  const auto by_tiles = [&](Call& own) { Tiles(own, p, io.sequence, rows).run(io, first, rows, accumulators); };
  const auto by_path = [&](Call& own, Path path) {
    if (path == Path::tiles) return by_tiles(own);
    clear(accumulators, p);
    Layers(own, p, io.parameters, rows, path).run(io, first, rows, accumulators);
  };
  const auto by_cudnn = [&](Call& own, Path path) {
    gradient_of_sequences(own, p, io, first, rows, accumulators, path);
  };
  const CallShape shape{io.of_inputs() ? "gradient of inputs" : "gradient", rows, io.sequence.steps, io.gate};
  if (rows > 0 && SequenceLstm::takes(p, io.sequence))
    run_sequences(call, p, shape, by_cudnn, by_tiles);
  else if (rows < 1 || p.states > 0 || io.sequence.steps > 1)
    by_tiles(call);
  else
    run_rows(call, p, shape, by_path);
  call.finish();
}

void collect(const Program& p, float* const* accumulators, int count, bool add, float* gradient, double* metrics) {
  Call call("collecting gradients");
  if (add) {
    call.updates(gradient, 0, p.parameter_count);
    call.updates(metrics, 0, metric_count);
  } else {
    call.writes(gradient, 0, p.parameter_count);
    call.writes(metrics, 0, metric_count);
  }
  for (int c = 0; c < count; c++)
    launch_each("collect", TORSOR_ISA::collect, std::max(p.parameter_count, int(metric_count)), p, accumulators[c],
                add || c > 0, gradient, metrics);
  call.finish();
}

}  // namespace torsor::calls
