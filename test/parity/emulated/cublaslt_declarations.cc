// Our declarations of cuBLASLt (device/cuda/cublaslt_api.h) against its own headers; compiled where those are.
#include <cublasLt.h>

#include "called_alike.h"
#include "device/cuda/cublaslt_api.h"

namespace {

namespace ours = torsor::cublaslt;

#define CALLED_ALIKE(result, name, parameters) \
  static_assert(CalledAlike<decltype(&::name), decltype(ours::Functions::name)>::value, #name);
TORSOR_CUBLASLT_FUNCTIONS(CALLED_ALIKE)

#define SAME(name) static_assert(int(::name) == int(ours::name), #name);
SAME(CUBLAS_STATUS_SUCCESS)
SAME(CUBLAS_STATUS_ALLOC_FAILED)
SAME(CUBLAS_STATUS_INVALID_VALUE)
SAME(CUBLAS_STATUS_NOT_SUPPORTED)
SAME(CUDA_R_32F)
SAME(CUBLAS_OP_N)
SAME(CUBLAS_OP_T)
SAME(CUBLAS_COMPUTE_32F)
SAME(CUBLAS_COMPUTE_32F_FAST_16BF)
SAME(CUBLAS_COMPUTE_32F_FAST_TF32)
SAME(CUBLASLT_MATMUL_DESC_TRANSA)
SAME(CUBLASLT_MATMUL_DESC_TRANSB)
SAME(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
SAME(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES)
SAME(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES)
SAME(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES)
SAME(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES)
static_assert(sizeof(::cublasLtMatmulAlgo_t) == sizeof(ours::cublasLtMatmulAlgo_t));
static_assert(sizeof(::cublasLtMatmulHeuristicResult_t) == sizeof(ours::cublasLtMatmulHeuristicResult_t));
#define SAME_PLACE(member) \
  static_assert(offsetof(::cublasLtMatmulHeuristicResult_t, member) == offsetof(ours::cublasLtMatmulHeuristicResult_t, member), #member);
SAME_PLACE(algo)
SAME_PLACE(workspaceSize)
SAME_PLACE(state)
static_assert(CUBLAS_VERSION / 10000 == 12 || CUBLAS_VERSION / 10000 == 13, "the headers are of another version of cuBLASLt");

}  // namespace
