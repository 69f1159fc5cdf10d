// What torsor uses of cuDNN 9, declared here because its headers are rarely where a program is compiled. The names are cuDNN's; the test
// beside the emulated device compares every one with the real headers where they are.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

struct cudnnContext;
struct cudnnTensorStruct;
struct cudnnDropoutStruct;
struct cudnnRNNStruct;
struct cudnnRNNDataStruct;

namespace torsor::cudnn {

typedef cudnnContext* cudnnHandle_t;
typedef cudnnTensorStruct* cudnnTensorDescriptor_t;
typedef cudnnDropoutStruct* cudnnDropoutDescriptor_t;
typedef cudnnRNNStruct* cudnnRNNDescriptor_t;
typedef cudnnRNNDataStruct* cudnnRNNDataDescriptor_t;

enum cudnnStatus_t {
  CUDNN_STATUS_SUCCESS = 0,
  CUDNN_STATUS_NOT_INITIALIZED = 1001,
  CUDNN_STATUS_BAD_PARAM = 2000,
  CUDNN_STATUS_NOT_SUPPORTED = 3000,
  CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED = 4004,
};
enum cudnnDataType_t { CUDNN_DATA_FLOAT = 0 };
enum cudnnMathType_t { CUDNN_DEFAULT_MATH = 0, CUDNN_FMA_MATH = 3 };
enum cudnnRNNAlgo_t { CUDNN_RNN_ALGO_STANDARD = 0 };
enum cudnnForwardMode_t { CUDNN_FWD_MODE_INFERENCE = 0, CUDNN_FWD_MODE_TRAINING = 1 };
enum cudnnRNNMode_t { CUDNN_LSTM = 2 };
enum cudnnRNNBiasMode_t { CUDNN_RNN_DOUBLE_BIAS = 2 };
enum cudnnDirectionMode_t { CUDNN_UNIDIRECTIONAL = 0 };
enum cudnnRNNInputMode_t { CUDNN_LINEAR_INPUT = 0 };
enum cudnnRNNDataLayout_t { CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED = 1 };
enum cudnnWgradMode_t { CUDNN_WGRAD_MODE_ADD = 0 };
constexpr uint32_t padded_io_disabled = 0;  // CUDNN_RNN_PADDED_IO_DISABLED, a macro there

// F(result, name, parameters)
#define TORSOR_CUDNN_FUNCTIONS(F)                                                                                     \
  F(size_t, cudnnGetVersion, ())                                                                                      \
  F(size_t, cudnnGetCudartVersion, ())                                                                                \
  F(const char*, cudnnGetErrorString, (cudnnStatus_t))                                                                \
  F(void, cudnnGetLastErrorString, (char* message, size_t max_size))                                                  \
  F(cudnnStatus_t, cudnnCreate, (cudnnHandle_t*))                                                                     \
  F(cudnnStatus_t, cudnnSetStream, (cudnnHandle_t, cudaStream_t))                                                     \
  F(cudnnStatus_t, cudnnCreateTensorDescriptor, (cudnnTensorDescriptor_t*))                                           \
  F(cudnnStatus_t, cudnnSetTensorNdDescriptor,                                                                        \
    (cudnnTensorDescriptor_t, cudnnDataType_t, int dimensions, const int sizes[], const int strides[]))               \
  F(cudnnStatus_t, cudnnGetTensorNdDescriptor,                                                                        \
    (cudnnTensorDescriptor_t, int requested, cudnnDataType_t*, int* dimensions, int sizes[], int strides[]))          \
  F(cudnnStatus_t, cudnnDestroyTensorDescriptor, (cudnnTensorDescriptor_t))                                           \
  F(cudnnStatus_t, cudnnCreateDropoutDescriptor, (cudnnDropoutDescriptor_t*))                                         \
  F(cudnnStatus_t, cudnnSetDropoutDescriptor,                                                                         \
    (cudnnDropoutDescriptor_t, cudnnHandle_t, float dropout, void* states, size_t state_bytes,                        \
     unsigned long long seed))                                                                                        \
  F(cudnnStatus_t, cudnnDestroyDropoutDescriptor, (cudnnDropoutDescriptor_t))                                         \
  F(cudnnStatus_t, cudnnCreateRNNDescriptor, (cudnnRNNDescriptor_t*))                                                 \
  F(cudnnStatus_t, cudnnSetRNNDescriptor_v8,                                                                          \
    (cudnnRNNDescriptor_t, cudnnRNNAlgo_t, cudnnRNNMode_t, cudnnRNNBiasMode_t, cudnnDirectionMode_t,                  \
     cudnnRNNInputMode_t, cudnnDataType_t, cudnnDataType_t computed_in, cudnnMathType_t, int32_t input_size,          \
     int32_t hidden_size, int32_t projection_size, int32_t layers, cudnnDropoutDescriptor_t, uint32_t flags))         \
  F(cudnnStatus_t, cudnnDestroyRNNDescriptor, (cudnnRNNDescriptor_t))                                                 \
  F(cudnnStatus_t, cudnnCreateRNNDataDescriptor, (cudnnRNNDataDescriptor_t*))                                         \
  F(cudnnStatus_t, cudnnSetRNNDataDescriptor,                                                                         \
    (cudnnRNNDataDescriptor_t, cudnnDataType_t, cudnnRNNDataLayout_t, int longest, int batch, int vector_size,        \
     const int lengths[], void* padding))                                                                             \
  F(cudnnStatus_t, cudnnDestroyRNNDataDescriptor, (cudnnRNNDataDescriptor_t))                                         \
  F(cudnnStatus_t, cudnnGetRNNTempSpaceSizes,                                                                         \
    (cudnnHandle_t, cudnnRNNDescriptor_t, cudnnForwardMode_t, cudnnRNNDataDescriptor_t x, size_t * work_bytes,        \
     size_t * reserve_bytes))                                                                                         \
  F(cudnnStatus_t, cudnnGetRNNWeightSpaceSize, (cudnnHandle_t, cudnnRNNDescriptor_t, size_t*))                        \
  F(cudnnStatus_t, cudnnGetRNNWeightParams,                                                                           \
    (cudnnHandle_t, cudnnRNNDescriptor_t, int32_t pseudo_layer, size_t weight_bytes, const void* weights,             \
     int32_t linear_layer, cudnnTensorDescriptor_t matrix, void** matrix_address, cudnnTensorDescriptor_t bias,       \
     void** bias_address))                                                                                            \
  F(cudnnStatus_t, cudnnRNNForward,                                                                                   \
    (cudnnHandle_t, cudnnRNNDescriptor_t, cudnnForwardMode_t, const int32_t device_lengths[],                         \
     cudnnRNNDataDescriptor_t, const void* x, cudnnRNNDataDescriptor_t, void* y, cudnnTensorDescriptor_t,             \
     const void* hx, void* hy, cudnnTensorDescriptor_t, const void* cx, void* cy, size_t weight_bytes,                \
     const void* weights, size_t work_bytes, void* work, size_t reserve_bytes, void* reserve))                        \
  F(cudnnStatus_t, cudnnRNNBackwardData_v8,                                                                           \
    (cudnnHandle_t, cudnnRNNDescriptor_t, const int32_t device_lengths[], cudnnRNNDataDescriptor_t, const void* y,    \
     const void* dy, cudnnRNNDataDescriptor_t, void* dx, cudnnTensorDescriptor_t, const void* hx, const void* dhy,    \
     void* dhx, cudnnTensorDescriptor_t, const void* cx, const void* dcy, void* dcx, size_t weight_bytes,             \
     const void* weights, size_t work_bytes, void* work, size_t reserve_bytes, void* reserve))                        \
  F(cudnnStatus_t, cudnnRNNBackwardWeights_v8,                                                                        \
    (cudnnHandle_t, cudnnRNNDescriptor_t, cudnnWgradMode_t, const int32_t device_lengths[], cudnnRNNDataDescriptor_t, \
     const void* x, cudnnTensorDescriptor_t, const void* hx, cudnnRNNDataDescriptor_t, const void* y,                 \
     size_t weight_bytes, void* d_weights, size_t work_bytes, void* work, size_t reserve_bytes, void* reserve))

struct Functions {
#define TORSOR_CUDNN_POINTER(result, name, parameters) result(*name) parameters;
  TORSOR_CUDNN_FUNCTIONS(TORSOR_CUDNN_POINTER)
#undef TORSOR_CUDNN_POINTER
};

}  // namespace torsor::cudnn
