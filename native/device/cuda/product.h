// Products of matrices in global memory, for layers (layers.h): by cuBLASLt, or by a kernel of our own.
#pragma once
#include "device/cuda/call.h"
#include "program/instruction.h"

namespace torsor {

// Column-major, so that columns lie `pitch` numbers apart; `transposed`: it is the transpose that is multiplied.
struct Factor {
  const float* data;
  int64_t pitch;
  bool transposed;
};

// result [rows][columns], column-major too, = a [rows][inner] times b [inner][columns], added to what is there or not.
struct MatrixProduct {
  int rows, columns, inner;
  Factor a, b;
  float* result;
  int64_t pitch;
  bool add;
  Precision precision;
};

void multiply_by_kernel(const MatrixProduct&);

// Products by cuBLASLt, which is opened at run time (TORSOR_CUBLASLT names its file), with memory of the call to work in.
class Cublas {
 public:
  // Whether there is one. Opens it at the first call.
  static bool found();

  // Throws DEVICE_UNAVAILABLE where there is none.
  explicit Cublas(Call&);
  void multiply(const MatrixProduct&) const;

 private:
  const int64_t bytes_;
  void* workspace_;
};

}  // namespace torsor
