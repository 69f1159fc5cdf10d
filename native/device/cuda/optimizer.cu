// The optimisers on CUDA, one thread per element.
#include "device/cuda/calls.h"
#include "device/cuda/reduce.h"

namespace torsor::TORSOR_ISA {

// What an element of a step returns.
__device__ __forceinline__ void note(UpdateGate* gate, float taken) {
  if (taken != 0) atomicAdd(&gate->overflowed, 1);
}

__global__ void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
                     const AdamConfig given, UpdateGate* gate) {
  if (gate->stopped) return;
  const AdamConfig config = at_rate(given, gate);
  const float scale = gate->gradient_scale;
  each(count,
       [&](int64_t k) { note(gate, adam_element(parameters[k], gradients[k] * scale, first[k], second[k], config)); });
}

__global__ void momentum(const float* gradients, float* first, float* direction, const MuonMatrix m, UpdateGate* gate) {
  if (gate->stopped) return;
  const float scale = gate->gradient_scale;
  each(int64_t(m.rows) * m.columns, [&](int64_t k) {
    note(gate, momentum_element(gradients[k] * scale, first[k], direction[place_in_direction(m, k)], m));
  });
}

struct InverseLength {
  float* result;
  __device__ void operator()(double squares) const { *result = 1 / (float(square_root(squares)) + muon_tiny); }
};

__global__ void scale(float* x, int64_t count, const float* factor) {
  each(count, [&](int64_t k) { x[k] *= *factor; });
}

__global__ void transpose(const float* x, float* transposed, int rows, int columns) {
  each(int64_t(rows) * columns, [&](int64_t k) { transposed[k % columns * rows + k / columns] = x[k]; });
}

__global__ void multiply(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns,
                         float alpha, float beta) {
  each(int64_t(rows) * columns, [&](int64_t k) {
    const int64_t row = k / columns, column = k % columns;
    float sum = beta == 0 ? 0 : beta * d[k];
    for (int i = 0; i < inner; i++) sum += alpha * a[row * inner + i] * b[int64_t(i) * columns + column];
    c[k] = sum;
  });
}

__global__ void follow(float* parameters, const float* direction, const MuonMatrix given, UpdateGate* gate) {
  if (gate->stopped) return;
  const MuonMatrix m = at_rate(given, gate);
  each(int64_t(m.rows) * m.columns,
       [&](int64_t k) { note(gate, follow_element(parameters[k], direction[place_in_direction(m, k)], m)); });
}

}  // namespace torsor::TORSOR_ISA

namespace torsor::calls {

void adam(float* parameters, const float* gradients, float* first, float* second, int64_t count,
          const AdamConfig& config, UpdateGate* gate) {
  Call call("a step of Adam");
  call.updates(parameters, 0, count);
  call.reads(gradients, 0, count);
  call.updates(first, 0, count);
  call.updates(second, 0, count);
  launch_each("adam", TORSOR_ISA::adam, count, parameters, gradients, first, second, count, config, gate);
  call.finish();
}

void momentum(const float* gradients, float* first, float* direction, const MuonMatrix& m, UpdateGate* gate) {
  Call call("a momentum of Muon");
  const int64_t count = int64_t(m.rows) * m.columns;
  call.reads(gradients, 0, count);
  launch_each("momentum", TORSOR_ISA::momentum, count, gradients, first, direction, m, gate);
  call.finish();
}

void normalize(float* x, int64_t count) {
  Call call("a length");
  float* const factor = call.scratch<float>(1);
  TORSOR_ISA::reduce<double>(call, count, TORSOR_ISA::SquareOf{x}, TORSOR_ISA::InverseLength{factor});
  launch_each("scale", TORSOR_ISA::scale, count, x, count, factor);
  call.finish();
}

void transpose(const float* x, float* transposed, int rows, int columns) {
  Call call("a transposition");
  launch_each("transpose", TORSOR_ISA::transpose, int64_t(rows) * columns, x, transposed, rows, columns);
  call.finish();
}

void multiply(const float* a, const float* b, const float* d, float* c, int rows, int inner, int columns, float alpha,
              float beta) {
  Call call("a product of matrices");
  launch_each("multiply", TORSOR_ISA::multiply, int64_t(rows) * columns, a, b, d, c, rows, inner, columns, alpha, beta);
  call.finish();
}

void follow(float* parameters, const float* direction, const MuonMatrix& m, UpdateGate* gate) {
  Call call("a step of Muon");
  const int64_t count = int64_t(m.rows) * m.columns;
  call.updates(parameters, 0, count);
  launch_each("follow", TORSOR_ISA::follow, count, parameters, direction, m, gate);
  call.finish();
}

}  // namespace torsor::calls
