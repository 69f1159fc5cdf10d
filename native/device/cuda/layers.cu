// See layers.h.
#include "device/cuda/layers.h"

#include <algorithm>
#include <memory>

#include "device/cuda/layer_kernels.h"
#include "device/cuda/place.h"
#include "device/cuda/pool.h"
#include "device/cuda/product.h"
#include "ops/list.h"
#include "program/names.h"

namespace torsor {

using namespace TORSOR_ISA;

template <class Op> static bool is_a(const Instruction& q) {
  bool is = false;
  Ops::visit(q.op, [&](auto op) { is = same<decltype(op), Op>; });
  return is;
}

// Of the GPU's memory, or of what torsor may have of it, what the columns of a call take; most_global_bytes at most.
constexpr int memory_share = 4;
// So that every column begins at a multiple of 256 bytes, as cuBLASLt likes it, and whole blocks have room.
constexpr int pitch_step = 64;
// Multiply-adds of a call below which nothing is measured: tiles are done with them before a few kernels have started.
constexpr int64_t worth_measuring = 1 << 22;

namespace {

class Layers {
 public:
  Layers(Call& call, const Program& p, const float* parameters, int rows, Products products)
      : p_(p), parameters_(parameters) {
    if (products == Products::cublas) cublas_ = std::make_unique<Cublas>(call);
    const int64_t bytes = std::min(most_global_bytes, most_gpu_bytes() / memory_share);
    const int64_t most = bytes / (int64_t(p.columns) * int64_t(sizeof(float))) / pitch_step * pitch_step;
    const int64_t all = int64_t(rows + pitch_step - 1) / pitch_step * pitch_step;
    rows_.pitch = int(std::clamp<int64_t>(most, pitch_step, all));
    rows_.columns = call.scratch<float>(int64_t(p.columns) * rows_.pitch);
  }

  // Takes rows first ... first + rows - 1 through the program, as many at once as the columns have room for, and then calls end(those rows).
  template <class IO, class End> void forward(const IO& io, int first, int rows, bool keeping, End end) {
    for (int done = 0; done < rows; done += rows_.count) {
      rows_.first = first + done;
      rows_.count = std::min(rows_.pitch, rows - done);
      forward(io.observation, keeping);
      end(rows_);
    }
  }
  // As in GradientIO; before that.
  void of_batch(const int32_t* index, const UpdateGate* gate) {
    rows_.index = index;
    rows_.gate = gate;
  }

  // From the gradients of head and value. Adds to the accumulators.
  void backward(float* accumulators) {
    for (int k = p_.length - 1; k >= 0; k--) {
      const Instruction& q = p_.code[k];
      if (q.out.gradient < 0) continue;
      if (q.derivative_of_out >= 0) scale(q.out.gradient, q.out.width, q.derivative_of_out);
      if (is_a<Linear>(q)) {
        backward_of_linear(q, accumulators);
      } else if (is_a<Parameter>(q)) {
        sum(q.out.gradient, q.out.width, accumulators + q.d_weight);
      } else if (is_a<LayerNorm>(q)) {  // turns the gradient of its output into that of its scale, row by row
        sum(q.out.gradient, q.out.width, accumulators + q.d_bias);
        add(q, Direction::backward);
        sum(q.out.gradient, q.out.width, accumulators + q.d_weight);
      } else {
        add(q, Direction::backward);
      }
    }
    sum(p_.sums, metric_count, accumulators + p_.accumulators - metric_count);
  }

 private:
  float* column(int c) const { return rows_.columns + int64_t(c) * rows_.pitch; }

  void multiply(const MatrixProduct& m) {
    end_pass();
    if (cublas_)
      cublas_->multiply(m);
    else
      multiply_by_kernel(m);
  }
  void sum(int first, int count, float* sums) {
    end_pass();
    sum_columns(rows_, first, count, sums);
  }

  void forward(const float* observation, bool keeping) {
    load_layer(rows_, p_.observation.column, p_.observation.width, observation);
    for (int k = 0; k < p_.length; k++) {
      const Instruction& q = p_.code[k];
      if (is_a<Linear>(q)) {
        const Factor x{column(q.in.column), rows_.pitch, false}, weight{parameters_ + q.weight, q.out.width, true};
        float* const z = column(q.out.column);
        multiply({rows_.count, q.out.width, q.in.width, x, weight, z, rows_.pitch, false, q.precision});
      }
      add(q, keeping ? Direction::keeping : Direction::forward);
    }
    end_pass();
  }

  // A weight [inputs][outputs] is [outputs][inputs] where columns lie one behind the other.
  void backward_of_linear(const Instruction& q, float* accumulators) {
    const int inputs = q.in.width, outputs = q.out.width;
    const Factor x{column(q.in.column), rows_.pitch, false}, dz{column(q.out.gradient), rows_.pitch, false},
        dz_transposed{dz.data, dz.pitch, true}, weight{parameters_ + q.weight, outputs, false};
    float* const d_weight = accumulators + q.d_weight;
    multiply({outputs, inputs, rows_.count, dz_transposed, x, d_weight, product_of(q).stride, true, q.precision});
    if (q.bias >= 0) sum(q.out.gradient, outputs, accumulators + q.d_bias);
    if (q.in.gradient < 0) return;
    float* const dx = column(q.in.gradient);
    multiply({rows_.count, inputs, outputs, dz, weight, dx, rows_.pitch, q.add_to_in, q.precision});
    if (q.derivative_of_in >= 0) scale(q.in.gradient, inputs, q.derivative_of_in);
  }

  void add(const Instruction& q, Direction direction) {
    if (pass_.length == most_in_pass) end_pass();
    pass_.code[pass_.length] = q;
    pass_.direction[pass_.length++] = direction;
  }
  // Columns by columns, in place.
  void scale(int first, int width, int factors) {
    Instruction q;
    q.op = index_of<Ops>(Multiply::name);
    q.in = q.out = {first, width, -1};
    q.in2 = {factors, width, -1};
    add(q, Direction::forward);
  }
  void end_pass() {
    if (pass_.length > 0) run_pass(rows_, pass_, parameters_);
    pass_.length = 0;
  }

  const Program& p_;
  const float* parameters_;
  std::unique_ptr<Cublas> cublas_;
  LayerRows rows_{};
  Pass pass_;
};

}  // namespace

void act_by_layers(Call& call, const Program& p, const StepIO& io, int first, int rows, Products products) {
  Layers layers(call, p, io.parameters, rows, products);
  layers.forward(io, first, rows, false, [&](const LayerRows& part) { act_on_layer(part, p, io); });
}

void forward_by_layers(Call& call, const Program& p, const ForwardIO& io, int first, int rows, Products products) {
  Layers layers(call, p, io.parameters, rows, products);
  layers.forward(io, first, rows, false, [&](const LayerRows& part) { outputs_of_layer(part, p, io); });
}

void evaluate_by_layers(Call& call, const Program& p, const EvaluateIO& io, int first, int rows, Products products) {
  Layers layers(call, p, io.parameters, rows, products);
  layers.forward(io, first, rows, false, [&](const LayerRows& part) { evaluate_layer(part, p, io); });
}

void gradient_by_layers(Call& call, const Program& p, const GradientIO& io, int first, int rows, float* accumulators,
                        Products products) {
  check(cudaMemsetAsync(accumulators, 0, size_t(p.accumulators) * sizeof(float), cudaStreamPerThread),
        "clearing sums of gradients");
  Layers layers(call, p, io.parameters, rows, products);
  layers.of_batch(io.index, io.gate);
  layers.forward(io, first, rows, true, [&](const LayerRows& part) {
    loss_of_layer(part, p, io);
    layers.backward(accumulators);
    if (io.d_observation) store_layer(part, p.observation.gradient, p.observation.width, io.d_observation);
  });
}

void run_tiles_or_layers(Call& call, const Program& p, const CallShape& shape, const std::function<void(Call&)>& tiles,
                         const std::function<void(Call&, Products)>& layers) {
  if (!p.by_layers || shape.steps > 1 || shape.rows < 1) return tiles(call);
  if (p.products_by == By::library) return layers(call, Products::cublas);
  const Way by_tiles{"torsor", tiles}, by_cublas{"cublas", [&](Call& own) { layers(own, Products::cublas); }},
      by_kernel{"layers", [&](Call& own) { layers(own, Products::kernel); }};
  const bool fits = int64_t(p.columns) * small_rows * int64_t(sizeof(float)) <= gpu().shared_bytes;
  if (p.products_by == By::kernels) return (fits ? by_tiles : by_kernel).run(call);
  if (fits && (shape.rows * p.work < worth_measuring || !Cublas::found())) return tiles(call);
  const Way& first = fits ? by_tiles : Cublas::found() ? by_cublas : by_kernel;
  run_fastest(call, p.choices, shape, {first, fits ? by_cublas : by_tiles});
}

}  // namespace torsor
