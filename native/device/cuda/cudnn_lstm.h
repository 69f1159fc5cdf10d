// One layer of an LSTM by cuDNN: its descriptors, its memory, and its three calls, over packed sequences of different lengths.
#pragma once
#include <vector>

#include "device/cuda/call.h"
#include "device/cuda/cudnn.h"
#include "program/instruction.h"

namespace torsor {

// An object of cuDNN's that is set up in place.
template <class T> class Descriptor {
 public:
  using Create = cudnn::cudnnStatus_t (*)(T*);
  using Destroy = cudnn::cudnnStatus_t (*)(T);
  Descriptor(Create create, Destroy destroy) : destroy_(destroy) { cudnn::check(create(&it_), "a descriptor"); }
  ~Descriptor() { destroy_(it_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator T() const { return it_; }

 private:
  T it_ = nullptr;
  Destroy destroy_;
};

// Where cuDNN has the weights of a gate (i, f, g, o; first those of the inputs, then those of h): [units][inputs or units], and [units].
struct LstmWeights {
  float *matrix[8], *bias[8];
};

// h and c of every sequence, [sequences][units].
struct LstmCarry {
  float *h, *c;
};

class CudnnLstm {
 public:
  // Operands of products are rounded as `precision` allows: float32 or tf32.
  CudnnLstm(Call&, int inputs, int units, Precision precision);

  // Steps of so many rows that the memory there is allows at once, with what goes in and out.
  int64_t most_steps(int64_t rows, bool training) const;

  // Space for weights, or for their gradients, with anything in it.
  float* weights();
  LstmWeights parts(float* weights) const;
  int64_t weight_bytes() const { return int64_t(weight_bytes_); }

  // Of what follows, longest first. Arrays are packed: x [steps of all][inputs], y [steps of all][units].
  void sequences(const std::vector<int>& lengths);
  // With `training`, backward may follow, in the order data, weights, before the next forward.
  void forward(bool training, const float* weights, const float* x, const LstmCarry& start, float* y,
               const LstmCarry& end);
  void backward_data(const float* weights, const float* y, const float* d_y, const LstmCarry& start,
                     const LstmCarry& d_end, float* d_x, const LstmCarry& d_start);
  // Adds to d_weights.
  void backward_weights(const float* x, const LstmCarry& start, const float* y, float* d_weights);

 private:
  // Memory of the call that grows with what is asked of it.
  struct Space {
    void* data = nullptr;
    size_t bytes = 0, room = 0;
    void need(Call&, size_t);
  };

  Call& call_;
  const cudnn::Functions& f_ = cudnn::functions();
  const int inputs_, units_;
  cudnn::Handle handle_;
  Descriptor<cudnn::cudnnDropoutDescriptor_t> dropout_;
  Descriptor<cudnn::cudnnRNNDescriptor_t> lstm_;
  Descriptor<cudnn::cudnnRNNDataDescriptor_t> x_, y_;
  Descriptor<cudnn::cudnnTensorDescriptor_t> carry_;
  size_t weight_bytes_ = 0;
  Space work_, reserve_;
};

}  // namespace torsor
