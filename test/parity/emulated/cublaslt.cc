// A library with the functions of cuBLASLt that torsor calls, for tests: products in plain loops over memory of the process, which take nothing that
// cuBLASLt's documentation does not promise. Compiled with the real headers where there are any, so that every function has its real type.
// TORSOR_CUBLASLT_PLAYS names what goes wrong: `old` (version 11), `no-start` (no handle), `fails` (the product itself). Empty: nothing.
#ifdef TORSOR_CUBLASLT_HEADERS
#include <cublasLt.h>
using DataType = cudaDataType;
#else
#include "device/cuda/cublaslt_api.h"
using namespace torsor::cublaslt;
using DataType = cublasDataType_t;
#endif

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

struct cublasLtContext {
  int gpu;
  std::atomic<bool> busy{false};
};

namespace {

struct Operation {
  cublasComputeType_t type;
  bool transposed[2] = {false, false};
};
struct Matrix {
  int64_t rows, columns, pitch;
  size_t bytes() const { return size_t((columns - 1) * pitch + rows) * sizeof(float); }
};
struct Preference {
  uint64_t workspace = 0;
  uint32_t alignment[4] = {256, 256, 256, 256};
};
// What an algorithm is for: found for one shape, and not fit for another.
struct Algorithm {
  int32_t rows, columns, inner, type;
  uint16_t alignment[4];
  uint64_t workspace;
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));

struct Product {
  int64_t rows, columns, inner;
  Matrix a, b, c;
  bool transposed[2];
  const float *x, *y;
  float* result;
  float alpha, beta;
  cublasComputeType_t type;
  void* workspace;
  size_t workspace_bytes;
};

bool plays(const char* what) {
  const char* const wanted = std::getenv("TORSOR_CUBLASLT_PLAYS");
  return wanted && std::string(wanted) == what;
}

// A function of the emulated runtime of the addon that called: there may be several.
template <class F> F runtime(void* caller, const char* name) {
  Dl_info addon;
  void* const opened = dladdr(caller, &addon) ? dlopen(addon.dli_fname, RTLD_NOW | RTLD_NOLOAD) : nullptr;
  if (!opened) std::abort();
  const F function = reinterpret_cast<F>(dlsym(opened, name));
  dlclose(opened);
  return function;
}

template <class T, class P> T& behind(P pointer) { return *reinterpret_cast<T*>(pointer); }

// A handle serves one thread at a time, on its GPU.
class Use {
 public:
  Use(cublasLtHandle_t handle, int gpu)
      : handle_(handle), alone_(handle && handle->gpu == gpu && !handle->busy.exchange(true)) {}
  ~Use() {
    if (alone_) handle_->busy = false;
  }
  bool ready() const { return alone_; }

 private:
  cublasLtHandle_t handle_;
  bool alone_;
};

// As tensor cores take an operand: to nearest with so many bits behind the leading one.
float rounded(float x, cublasComputeType_t type) {
  const int dropped = type == CUBLAS_COMPUTE_32F_FAST_TF32 ? 13 : type == CUBLAS_COMPUTE_32F_FAST_16BF ? 16 : 0;
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  if (dropped) bits = (bits + (1u << (dropped - 1))) >> dropped << dropped;
  std::memcpy(&x, &bits, 4);
  return x;
}

void multiply(const void* given) {
  const Product& p = *static_cast<const Product*>(given);
  if (p.workspace) std::memset(p.workspace, 0xff, p.workspace_bytes);
  const auto x = [&](int64_t i, int64_t k) { return rounded(p.x[p.transposed[0] ? i * p.a.pitch + k : k * p.a.pitch + i], p.type); };
  const auto y = [&](int64_t k, int64_t j) { return rounded(p.y[p.transposed[1] ? k * p.b.pitch + j : j * p.b.pitch + k], p.type); };
  for (int64_t j = 0; j < p.columns; j++)
    for (int64_t i = 0; i < p.rows; i++) {
      double sum = 0;
      for (int64_t k = 0; k < p.inner; k++) sum += double(x(i, k)) * y(k, j);
      float& result = p.result[j * p.c.pitch + i];
      result = float(p.alpha * sum) + (p.beta == 0 ? 0 : p.beta * result);
    }
}

bool shapes(const Operation& o, const Matrix& a, const Matrix& b, const Matrix& c, int64_t& inner) {
  const int64_t rows = o.transposed[0] ? a.columns : a.rows, columns = o.transposed[1] ? b.rows : b.columns;
  inner = o.transposed[0] ? a.rows : a.columns;
  return inner == (o.transposed[1] ? b.columns : b.rows) && rows == c.rows && columns == c.columns;
}

}  // namespace

#define EXPECT(condition) \
  if (!(condition)) return CUBLAS_STATUS_INVALID_VALUE;
#define EXPORTED __attribute__((visibility("default")))
#define CURRENT_GPU runtime<int (*)()>(__builtin_return_address(0), "torsor_emulated_gpu")()

extern "C" {

EXPORTED size_t cublasLtGetVersion(void) { return plays("old") ? 111103 : 130101; }
EXPORTED const char* cublasLtGetStatusString(cublasStatus_t status) {
  if (status == CUBLAS_STATUS_INVALID_VALUE) return "CUBLAS_STATUS_INVALID_VALUE";
  return status == CUBLAS_STATUS_NOT_SUPPORTED ? "CUBLAS_STATUS_NOT_SUPPORTED" : "CUBLAS_STATUS_OTHER";
}
EXPORTED cublasStatus_t cublasLtCreate(cublasLtHandle_t* made) {
  if (plays("no-start")) return CUBLAS_STATUS_ALLOC_FAILED;
  *made = new cublasLtContext{CURRENT_GPU};
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, DataType type, uint64_t rows,
                                                   uint64_t columns, int64_t pitch) {
  EXPECT(made && type == CUDA_R_32F && rows > 0 && columns > 0 && pitch >= int64_t(rows));
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(new Matrix{int64_t(rows), int64_t(columns), pitch});
  return CUBLAS_STATUS_SUCCESS;
}
EXPORTED cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t it) {
  delete &behind<Matrix>(it);
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t type, DataType scale) {
  EXPECT(made && scale == CUDA_R_32F);
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(new Operation{type});
  return CUBLAS_STATUS_SUCCESS;
}
EXPORTED cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t it) {
  delete &behind<Operation>(it);
  return CUBLAS_STATUS_SUCCESS;
}
EXPORTED cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t it, cublasLtMatmulDescAttributes_t which,
                                                       const void* value, size_t bytes) {
  EXPECT(it && value && bytes == sizeof(int32_t));
  EXPECT(which == CUBLASLT_MATMUL_DESC_TRANSA || which == CUBLASLT_MATMUL_DESC_TRANSB);
  const int32_t transposed = *static_cast<const int32_t*>(value);
  EXPECT(transposed == CUBLAS_OP_N || transposed == CUBLAS_OP_T);
  behind<Operation>(it).transposed[which == CUBLASLT_MATMUL_DESC_TRANSB] = transposed == CUBLAS_OP_T;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}
EXPORTED cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t it) {
  delete &behind<Preference>(it);
  return CUBLAS_STATUS_SUCCESS;
}
EXPORTED cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t it,
                                                             cublasLtMatmulPreferenceAttributes_t which,
                                                             const void* value, size_t bytes) {
  Preference& preference = behind<Preference>(it);
  if (which == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) {
    EXPECT(bytes == sizeof(uint64_t));
    preference.workspace = *static_cast<const uint64_t*>(value);
    return CUBLAS_STATUS_SUCCESS;
  }
  const int of = which - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  EXPECT(of >= 0 && of < 4 && bytes == sizeof(uint32_t));
  preference.alignment[of] = *static_cast<const uint32_t*>(value);
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                       cublasLtMatmulPreference_t wanted, int most,
                                                       cublasLtMatmulHeuristicResult_t results[], int* found) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && operation && a && b && c && d && wanted && most > 0 && results && found);
  const Operation& o = behind<Operation>(operation);
  const Preference& preference = behind<Preference>(wanted);
  int64_t inner = 0;
  EXPECT(shapes(o, behind<Matrix>(a), behind<Matrix>(b), behind<Matrix>(d), inner));
  Algorithm algorithm{int32_t(behind<Matrix>(d).rows), int32_t(behind<Matrix>(d).columns), int32_t(inner), int32_t(o.type),
                      {}, preference.workspace / 2};
  for (int k = 0; k < 4; k++) algorithm.alignment[k] = uint16_t(preference.alignment[k]);
  results[0] = {};
  std::memcpy(&results[0].algo, &algorithm, sizeof algorithm);
  results[0].workspaceSize = size_t(algorithm.workspace);
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                                       const void* a, cublasLtMatrixLayout_t of_a, const void* b,
                                       cublasLtMatrixLayout_t of_b, const void* beta, const void* c,
                                       cublasLtMatrixLayout_t of_c, void* d, cublasLtMatrixLayout_t of_d,
                                       const cublasLtMatmulAlgo_t* chosen, void* workspace, size_t workspace_bytes,
                                       cudaStream_t) {
  void* const caller = __builtin_return_address(0);
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && operation && alpha && beta && of_a && of_b && of_c && of_d && chosen);
  EXPECT(c == d && of_c == of_d && a != d && b != d);
  if (plays("fails")) return CUBLAS_STATUS_NOT_SUPPORTED;
  const Operation& o = behind<Operation>(operation);
  Product p{0, 0, 0, behind<Matrix>(of_a), behind<Matrix>(of_b), behind<Matrix>(of_d), {o.transposed[0], o.transposed[1]},
            static_cast<const float*>(a), static_cast<const float*>(b), static_cast<float*>(d),
            *static_cast<const float*>(alpha), *static_cast<const float*>(beta), o.type, workspace, workspace_bytes};
  EXPECT(shapes(o, p.a, p.b, p.c, p.inner));
  p.rows = p.c.rows;
  p.columns = p.c.columns;
  Algorithm algorithm;
  std::memcpy(&algorithm, chosen, sizeof algorithm);
  EXPECT(algorithm.rows == p.rows && algorithm.columns == p.columns && algorithm.inner == p.inner &&
         algorithm.type == int32_t(o.type) && algorithm.workspace <= workspace_bytes);
  const void* const pointers[] = {a, b, c, d};
  for (int k = 0; k < 4; k++) EXPECT(reinterpret_cast<uintptr_t>(pointers[k]) % algorithm.alignment[k] == 0);
  const auto reaches = runtime<bool (*)(const void*, size_t)>(caller, "torsor_emulated_reaches");
  EXPECT(reaches(a, p.a.bytes()) && reaches(b, p.b.bytes()) && reaches(d, p.c.bytes()) && reaches(workspace, workspace_bytes));
  const auto launch = runtime<int (*)(void (*)(const void*), const void*, size_t)>(caller, "torsor_emulated_launch");
  return launch(multiply, &p, sizeof p) == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

}  // extern "C"
