// What torsor uses of cuBLASLt 12 and 13, declared here because its headers are rarely where a program is compiled. The names are cuBLASLt's; the
// test beside the emulated device compares every one with the real headers where they are.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

struct cublasLtContext;

namespace torsor::cublaslt {

// Made by the library; nothing is known of them here.
struct cublasLtMatmulDescOpaque_t;
struct cublasLtMatrixLayoutOpaque_t;
struct cublasLtMatmulPreferenceOpaque_t;
typedef cublasLtContext* cublasLtHandle_t;
typedef cublasLtMatmulDescOpaque_t* cublasLtMatmulDesc_t;
typedef cublasLtMatrixLayoutOpaque_t* cublasLtMatrixLayout_t;
typedef cublasLtMatmulPreferenceOpaque_t* cublasLtMatmulPreference_t;

enum cublasStatus_t {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
};
enum cublasDataType_t { CUDA_R_32F = 0 };
enum cublasOperation_t { CUBLAS_OP_N = 0, CUBLAS_OP_T = 1 };
enum cublasComputeType_t {
  CUBLAS_COMPUTE_32F = 68,
  CUBLAS_COMPUTE_32F_FAST_16BF = 75,
  CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
};
enum cublasLtMatmulDescAttributes_t { CUBLASLT_MATMUL_DESC_TRANSA = 3, CUBLASLT_MATMUL_DESC_TRANSB = 4 };
enum cublasLtMatmulPreferenceAttributes_t {
  CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,
  CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8,
};

struct cublasLtMatmulAlgo_t {
  uint64_t data[8];
};
struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};

// F(result, name, parameters)
#define TORSOR_CUBLASLT_FUNCTIONS(F)                                                                                   \
  F(size_t, cublasLtGetVersion, (void))                                                                                \
  F(const char*, cublasLtGetStatusString, (cublasStatus_t))                                                            \
  F(cublasStatus_t, cublasLtCreate, (cublasLtHandle_t*))                                                               \
  F(cublasStatus_t, cublasLtMatrixLayoutCreate,                                                                        \
    (cublasLtMatrixLayout_t*, cublasDataType_t, uint64_t rows, uint64_t columns, int64_t leading_dimension))           \
  F(cublasStatus_t, cublasLtMatrixLayoutDestroy, (cublasLtMatrixLayout_t))                                             \
  F(cublasStatus_t, cublasLtMatmulDescCreate, (cublasLtMatmulDesc_t*, cublasComputeType_t, cublasDataType_t scale))    \
  F(cublasStatus_t, cublasLtMatmulDescDestroy, (cublasLtMatmulDesc_t))                                                 \
  F(cublasStatus_t, cublasLtMatmulDescSetAttribute,                                                                    \
    (cublasLtMatmulDesc_t, cublasLtMatmulDescAttributes_t, const void*, size_t bytes))                                 \
  F(cublasStatus_t, cublasLtMatmulPreferenceCreate, (cublasLtMatmulPreference_t*))                                     \
  F(cublasStatus_t, cublasLtMatmulPreferenceDestroy, (cublasLtMatmulPreference_t))                                     \
  F(cublasStatus_t, cublasLtMatmulPreferenceSetAttribute,                                                              \
    (cublasLtMatmulPreference_t, cublasLtMatmulPreferenceAttributes_t, const void*, size_t bytes))                     \
  F(cublasStatus_t, cublasLtMatmulAlgoGetHeuristic,                                                                    \
    (cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,                       \
     cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, cublasLtMatmulPreference_t, int wanted,                       \
     cublasLtMatmulHeuristicResult_t results[], int* found))                                                           \
  F(cublasStatus_t, cublasLtMatmul,                                                                                    \
    (cublasLtHandle_t, cublasLtMatmulDesc_t, const void* alpha, const void* a, cublasLtMatrixLayout_t, const void* b,  \
     cublasLtMatrixLayout_t, const void* beta, const void* c, cublasLtMatrixLayout_t, void* d, cublasLtMatrixLayout_t, \
     const cublasLtMatmulAlgo_t*, void* workspace, size_t workspace_bytes, cudaStream_t))

struct Functions {
#define TORSOR_CUBLASLT_POINTER(result, name, parameters) result(*name) parameters;
  TORSOR_CUBLASLT_FUNCTIONS(TORSOR_CUBLASLT_POINTER)
#undef TORSOR_CUBLASLT_POINTER
};

}  // namespace torsor::cublaslt
