// Products by cuBLASLt: the library, its handles, and what it is asked once for every shape. See product.h.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>

#include "device/cuda/cublaslt_api.h"
#include "device/cuda/library.h"
#include "device/cuda/per_gpu.h"
#include "device/cuda/pool.h"
#include "device/cuda/product.h"
#include "device/cuda/runtime.h"
#include "device/error.h"
#include "device/status.h"

namespace torsor {

using namespace cublaslt;

namespace {

// To work in: what NVIDIA recommends for compute capability 9.0, which is more than others need; less where there is little memory.
constexpr int64_t most_workspace = int64_t(32) << 20, workspace_share = 64;
// Shapes that are remembered of a GPU; models come and go, and asking again takes some microseconds.
constexpr size_t most_plans = 1024;
constexpr const char* help =
    "install cuBLAS of CUDA 13 (pip install nvidia-cublas, or libcublas-13-0 of NVIDIA's packages)";

struct Opened {
  Functions functions{};
  Library status;
};

std::string find(Functions& f, Library& status) {
  std::string problem;
  void* const library = open_library({"cuBLASLt",
                                      "TORSOR_CUBLASLT",
                                      {"libcublasLt.so.13", "libcublasLt.so.12"},
                                      {"/usr/local/cuda/lib64"},
                                      {"cu13", "cublas"},
                                      help},
                                     problem);
  if (!library) return problem;
  const auto load = [&](const char* name, auto*& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (!function && problem.empty()) problem = file_of(library) + " has no function " + name + "; " + help;
  };
#define TORSOR_CUBLASLT_LOAD(result, name, parameters) load(#name, f.name);
  TORSOR_CUBLASLT_FUNCTIONS(TORSOR_CUBLASLT_LOAD)
#undef TORSOR_CUBLASLT_LOAD
  if (!problem.empty()) return problem;
  const size_t version = f.cublasLtGetVersion();
  status.version = version_of(version);
  if (version / 10000 != 12 && version / 10000 != 13)
    return file_of(library) + " is cuBLASLt " + status.version + ", and 12 or 13 is needed; " + help;
  return "";
}

const Opened& library() {
  static const Opened* const library = [] {
    Opened* const made = new Opened;
    made->status.problem = find(made->functions, made->status);
    return made;
  }();
  return *library;
}

void check(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  if (!captures()) synchronise(what);  // where the device itself has failed, that is the error
  throw Error(status == CUBLAS_STATUS_ALLOC_FAILED ? "OUT_OF_MEMORY" : "NATIVE",
              std::string(what) + " by cuBLASLt: " + library().functions.cublasLtGetStatusString(status));
}

template <auto Functions::*Destroy> struct Destroyer {
  template <class T> void operator()(T* it) const { (library().functions.*Destroy)(it); }
};
using Layout = std::unique_ptr<cublasLtMatrixLayoutOpaque_t, Destroyer<&Functions::cublasLtMatrixLayoutDestroy>>;
using Operation = std::unique_ptr<cublasLtMatmulDescOpaque_t, Destroyer<&Functions::cublasLtMatmulDescDestroy>>;
using Preference =
    std::unique_ptr<cublasLtMatmulPreferenceOpaque_t, Destroyer<&Functions::cublasLtMatmulPreferenceDestroy>>;

// How a shape is multiplied.
struct Plan {
  Operation operation;
  Layout a, b, result;
  cublasLtMatmulAlgo_t algorithm;
};

Layout layout(const Functions& f, int rows, int columns, int64_t pitch, bool transposed = false) {
  cublasLtMatrixLayout_t made = nullptr;
  check(f.cublasLtMatrixLayoutCreate(&made, CUDA_R_32F, uint64_t(transposed ? columns : rows),
                                     uint64_t(transposed ? rows : columns), pitch),
        "a matrix");
  return Layout(made);
}

// Never tf32 or bf16 unasked: with this type cuBLAS computes in float32.
cublasComputeType_t type_of(Precision precision) {
  if (precision == Precision::tf32) return CUBLAS_COMPUTE_32F_FAST_TF32;
  return precision == Precision::bf16 ? CUBLAS_COMPUTE_32F_FAST_16BF : CUBLAS_COMPUTE_32F;
}

// Of an address, as far as cuBLASLt wants to know: it takes 256 for granted, and weights lie anywhere in the arena.
uint32_t alignment(const void* address) {
  uint32_t bytes = 256;
  while (reinterpret_cast<uintptr_t>(address) % bytes) bytes /= 2;
  return bytes;
}

Plan plan(const Functions& f, cublasLtHandle_t handle, const MatrixProduct& m, int64_t workspace) {
  cublasLtMatmulDesc_t operation = nullptr;
  check(f.cublasLtMatmulDescCreate(&operation, type_of(m.precision), CUDA_R_32F), "a product");
  Plan plan{Operation(operation),
            layout(f, m.rows, m.inner, m.a.pitch, m.a.transposed),
            layout(f, m.inner, m.columns, m.b.pitch, m.b.transposed),
            layout(f, m.rows, m.columns, m.pitch),
            {}};
  const auto transpose = [&](cublasLtMatmulDescAttributes_t which, bool transposed) {
    const int32_t value = transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(f.cublasLtMatmulDescSetAttribute(operation, which, &value, sizeof value), "a transposition");
  };
  transpose(CUBLASLT_MATMUL_DESC_TRANSA, m.a.transposed);
  transpose(CUBLASLT_MATMUL_DESC_TRANSB, m.b.transposed);

  cublasLtMatmulPreference_t made = nullptr;
  check(f.cublasLtMatmulPreferenceCreate(&made), "a preference");
  const Preference preference(made);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t which, auto value) {
    check(f.cublasLtMatmulPreferenceSetAttribute(made, which, &value, sizeof value), "a preference");
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t(workspace));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment(m.a.data));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment(m.b.data));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment(m.result));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment(m.result));
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  check(f.cublasLtMatmulAlgoGetHeuristic(handle, operation, plan.a.get(), plan.b.get(), plan.result.get(),
                                         plan.result.get(), made, 1, &best, &found),
        "an algorithm");
  if (found < 1) check(CUBLAS_STATUS_NOT_SUPPORTED, "an algorithm");
  plan.algorithm = best.algo;
  return plan;
}

using Shape = std::array<int64_t, 13>;

// A handle serves one thread at a time, which holds it for as long as it takes to put a product on its stream.
struct OfGpu {
  explicit OfGpu(int) {}
  std::mutex mutex;
  cublasLtHandle_t handle = nullptr;
  std::map<Shape, Plan> plans;
};

OfGpu& of_gpu() {
  static PerGpu<OfGpu> all;
  return all.current();
}

const Functions& functions() {
  const Opened& l = library();
  if (!l.status.problem.empty()) throw Error("DEVICE_UNAVAILABLE", l.status.problem);
  return l.functions;
}

cublasLtHandle_t handle_of(const Functions& f, OfGpu& gpu) {
  if (!gpu.handle) check(f.cublasLtCreate(&gpu.handle), "a handle");
  return gpu.handle;
}

}  // namespace

const Library& product_library() { return library().status; }

std::string start_product_library() {
  const Opened& l = library();
  if (!l.status.problem.empty()) return l.status.problem;
  try {
    OfGpu& gpu = of_gpu();
    const std::lock_guard<std::mutex> lock(gpu.mutex);
    handle_of(l.functions, gpu);
    return "";
  } catch (const Error& error) {
    return "cuBLASLt " + l.status.version + " does not start on this GPU: " + error.what() +
           "; see whether it is for this GPU and for CUDA " + device_status().runtime;
  }
}

bool Cublas::found() { return library().status.problem.empty(); }

Cublas::Cublas(Call& call)
    : bytes_(std::min(most_workspace, most_gpu_bytes() / workspace_share)), workspace_(call.scratch<char>(bytes_)) {
  functions();
}

void Cublas::multiply(const MatrixProduct& m) const {
  const Functions& f = functions();
  OfGpu& gpu = of_gpu();
  const std::lock_guard<std::mutex> lock(gpu.mutex);
  const cublasLtHandle_t handle = handle_of(f, gpu);
  const Shape shape{
      m.rows,         m.columns, m.inner,          m.a.pitch,           m.a.transposed,      m.b.pitch,
      m.b.transposed, m.pitch,   int(m.precision), alignment(m.a.data), alignment(m.b.data), alignment(m.result),
      bytes_};
  auto known = gpu.plans.find(shape);
  if (known == gpu.plans.end()) {
    if (gpu.plans.size() >= most_plans) gpu.plans.clear();
    known = gpu.plans.emplace(shape, plan(f, handle, m, bytes_)).first;
  }
  const Plan& p = known->second;
  const float alpha = 1, beta = m.add ? 1.0f : 0.0f;
  check(f.cublasLtMatmul(handle, p.operation.get(), &alpha, m.a.data, p.a.get(), m.b.data, p.b.get(), &beta, m.result,
                         p.result.get(), m.result, p.result.get(), &p.algorithm, workspace_, size_t(bytes_),
                         cudaStreamPerThread),
        "a product of matrices");
}

}  // namespace torsor
