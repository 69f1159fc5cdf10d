// See cudnn_lstm.h.
#include "device/cuda/cudnn_lstm.h"

#include <algorithm>

#include "device/cuda/pool.h"
#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor {

using namespace cudnn;

// Of the GPU's memory, or of what torsor may have of it, what the steps that are taken at once may need.
constexpr int memory_share = 4;
// Floats of a unit and step in cuDNN's memory, about; it says how many only once it has been told the sequences.
constexpr int library_floats = 12;

CudnnLstm::CudnnLstm(Call& call, int inputs, int units, Precision precision)
    : call_(call),
      inputs_(inputs),
      units_(units),
      dropout_(f_.cudnnCreateDropoutDescriptor, f_.cudnnDestroyDropoutDescriptor),
      lstm_(f_.cudnnCreateRNNDescriptor, f_.cudnnDestroyRNNDescriptor),
      x_(f_.cudnnCreateRNNDataDescriptor, f_.cudnnDestroyRNNDataDescriptor),
      y_(f_.cudnnCreateRNNDataDescriptor, f_.cudnnDestroyRNNDataDescriptor),
      carry_(f_.cudnnCreateTensorDescriptor, f_.cudnnDestroyTensorDescriptor) {
  check(f_.cudnnSetDropoutDescriptor(dropout_, handle_, 0, nullptr, 0, 0), "no dropout");
  // By default cuDNN computes in tf32 where the GPU has it. As many projected outputs as units: no projection.
  const cudnnMathType_t math = precision == Precision::float32 ? CUDNN_FMA_MATH : CUDNN_DEFAULT_MATH;
  check(f_.cudnnSetRNNDescriptor_v8(lstm_, CUDNN_RNN_ALGO_STANDARD, CUDNN_LSTM, CUDNN_RNN_DOUBLE_BIAS,
                                    CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT, CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT, math,
                                    inputs, units, units, 1, dropout_, padded_io_disabled),
        "an LSTM");
  check(f_.cudnnGetRNNWeightSpaceSize(handle_, lstm_, &weight_bytes_), "the size of the weights");
}

int64_t CudnnLstm::most_steps(int64_t rows, bool training) const {
  const int64_t memory = most_gpu_bytes();
  const int64_t floats = int64_t(training ? 2 : 1) * (inputs_ + units_) + library_floats * units_;
  return std::max<int64_t>(1, memory / memory_share / (rows * floats * int64_t(sizeof(float))));
}

float* CudnnLstm::weights() { return reinterpret_cast<float*>(call_.scratch<char>(weight_bytes())); }

LstmWeights CudnnLstm::parts(float* weights) const {
  LstmWeights parts{};
  const Descriptor<cudnnTensorDescriptor_t> matrix(f_.cudnnCreateTensorDescriptor, f_.cudnnDestroyTensorDescriptor),
      bias(f_.cudnnCreateTensorDescriptor, f_.cudnnDestroyTensorDescriptor);
  for (int k = 0; k < 8; k++) {
    void *of_matrix = nullptr, *of_bias = nullptr;
    check(f_.cudnnGetRNNWeightParams(handle_, lstm_, 0, weight_bytes_, weights, k, matrix, &of_matrix, bias, &of_bias),
          "the places of the weights");
    cudnnDataType_t type;
    int dimensions = 0, size[3] = {}, stride[3] = {};
    check(f_.cudnnGetTensorNdDescriptor(matrix, 3, &type, &dimensions, size, stride), "the shape of the weights");
    const int width = k < 4 ? inputs_ : units_;
    if (dimensions != 3 || size[1] != units_ || size[2] != width || stride[1] != width || stride[2] != 1)
      throw Error("NATIVE", "cuDNN has weights of " + std::to_string(size[1]) + " x " + std::to_string(size[2]) +
                                " where " + std::to_string(units_) + " x " + std::to_string(width) + " were expected");
    parts.matrix[k] = static_cast<float*>(of_matrix);
    parts.bias[k] = static_cast<float*>(of_bias);
  }
  return parts;
}

void CudnnLstm::sequences(const std::vector<int>& lengths) {
  const int count = int(lengths.size()), longest = lengths.front();
  const auto set = [&](cudnnRNNDataDescriptor_t data, int width) {
    check(f_.cudnnSetRNNDataDescriptor(data, CUDNN_DATA_FLOAT, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED, longest, count,
                                       width, lengths.data(), nullptr),
          "sequences");
  };
  set(x_, inputs_);
  set(y_, units_);
  const int size[] = {1, count, units_}, stride[] = {count * units_, units_, 1};
  check(f_.cudnnSetTensorNdDescriptor(carry_, CUDNN_DATA_FLOAT, 3, size, stride), "a carry");
}

void CudnnLstm::Space::need(Call& call, size_t wanted) {
  bytes = wanted;
  if (wanted <= room) return;
  data = call.scratch<char>(int64_t(wanted));
  room = wanted;
}

// The lengths in the memory of the GPU are null throughout: since version 8.9.1 cuDNN takes them from the descriptors.
void CudnnLstm::forward(bool training, const float* weights, const float* x, const LstmCarry& start, float* y,
                        const LstmCarry& end) {
  const cudnnForwardMode_t mode = training ? CUDNN_FWD_MODE_TRAINING : CUDNN_FWD_MODE_INFERENCE;
  size_t work = 0, reserve = 0;
  check(f_.cudnnGetRNNTempSpaceSizes(handle_, lstm_, mode, x_, &work, &reserve), "the memory of an LSTM");
  work_.need(call_, work);
  if (training) reserve_.need(call_, reserve);
  check(f_.cudnnRNNForward(handle_, lstm_, mode, nullptr, x_, x, y_, y, carry_, start.h, end.h, carry_, start.c, end.c,
                           weight_bytes_, weights, work_.bytes, work_.data, training ? reserve_.bytes : 0,
                           training ? reserve_.data : nullptr),
        "an LSTM forward");
}

void CudnnLstm::backward_data(const float* weights, const float* y, const float* d_y, const LstmCarry& start,
                              const LstmCarry& d_end, float* d_x, const LstmCarry& d_start) {
  check(f_.cudnnRNNBackwardData_v8(handle_, lstm_, nullptr, y_, y, d_y, x_, d_x, carry_, start.h, d_end.h, d_start.h,
                                   carry_, start.c, d_end.c, d_start.c, weight_bytes_, weights, work_.bytes, work_.data,
                                   reserve_.bytes, reserve_.data),
        "an LSTM backward");
}

void CudnnLstm::backward_weights(const float* x, const LstmCarry& start, const float* y, float* d_weights) {
  check(f_.cudnnRNNBackwardWeights_v8(handle_, lstm_, CUDNN_WGRAD_MODE_ADD, nullptr, x_, x, carry_, start.h, y_, y,
                                      weight_bytes_, d_weights, work_.bytes, work_.data, reserve_.bytes, reserve_.data),
        "the gradients of an LSTM's weights");
}

}  // namespace torsor
