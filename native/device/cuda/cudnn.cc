// See cudnn.h.
#include "device/cuda/cudnn.h"

#include <dlfcn.h>

#include <mutex>
#include <vector>

#include "device/cuda/library.h"
#include "device/cuda/per_gpu.h"
#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor::cudnn {

// cuDNN opens them itself when they are first needed, and ends the process where one is missing. In the order of their dependencies.
constexpr const char* parts[] = {"libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_adv.so.9"};
constexpr const char* help =
    "install cuDNN 9 for CUDA 13 (pip install nvidia-cudnn-cu13, or cudnn9-cuda-13 of NVIDIA's packages)";

struct Opened {
  Functions functions{};
  Library status;
};

static std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

static std::string problem_of_parts(const std::string& folder) {
  for (const char* part : parts)
    if (!open_file(folder + "/" + part))
      return "cuDNN in " + folder + " is not complete: " + part + " could not be opened (" + why_not() + "); " + help;
  return "";
}

// Products of matrices are cuBLAS's. pip has it in a folder of its own.
static std::string problem_of_blas(const std::string& folder, size_t runtime) {
  const std::string major = std::to_string(runtime / 1000), name = "libcublasLt.so." + major;
  std::string reason;
  for (const std::string& place : {folder + "/", folder + "/../../cu" + major + "/lib/", folder + "/../../cublas/lib/",
                                   std::string("/usr/local/cuda/lib64/"), std::string()}) {
    if (open_file(place + name)) return "";
    reason = why_not();
  }
  return "cuDNN in " + folder + " needs " + name + ", which could not be opened (" + reason +
         "); install cuBLAS of CUDA " + major;
}

static std::string words_of(const Functions& f, cudnnStatus_t status) {
  char words[512] = "";
  f.cudnnGetLastErrorString(words, sizeof words);
  return f.cudnnGetErrorString(status) + std::string(words[0] ? ": " : "") + words;
}

static std::string find(Functions& f, Library& status) {
  std::string problem;
  void* const library = open_library({"cuDNN", "TORSOR_CUDNN", {"libcudnn.so.9"}, {}, {"cudnn"}, help}, problem);
  if (!library) return problem;
  const std::string file = file_of(library), folder = folder_of(file);
  if (file.empty()) return "cuDNN was opened, but not where it lies: " + why_not();
  problem = problem_of_parts(folder);
  if (!problem.empty()) return problem;
  const auto load = [&](const char* name, auto*& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    if (!function && problem.empty()) problem = file + " has no function " + name + "; " + help;
  };
#define TORSOR_CUDNN_LOAD(result, name, parameters) load(#name, f.name);
  TORSOR_CUDNN_FUNCTIONS(TORSOR_CUDNN_LOAD)
#undef TORSOR_CUDNN_LOAD
  if (f.cudnnGetVersion) {
    status.version = version_of(f.cudnnGetVersion());
    if (status.version[0] != '9' || status.version[1] != '.')
      return file + " is cuDNN " + status.version + ", and 9 is needed; " + help;
  }
  if (!problem.empty()) return problem;
  return problem_of_blas(folder, f.cudnnGetCudartVersion());
}

static const Opened& library() {
  static const Opened* const library = [] {
    Opened* const made = new Opened;
    made->status.problem = find(made->functions, made->status);
    return made;
  }();
  return *library;
}

// Handles of one GPU that nobody uses.
struct Idle {
  explicit Idle(int) {}
  std::mutex mutex;
  std::vector<std::unique_ptr<PooledHandle>> handles;
};

static Idle& idle() {
  static PerGpu<Idle> all;
  return all.current();
}

static std::unique_ptr<PooledHandle> take_idle() {
  Idle& i = idle();
  const std::lock_guard<std::mutex> lock(i.mutex);
  if (i.handles.empty()) return nullptr;
  std::unique_ptr<PooledHandle> taken = std::move(i.handles.back());
  i.handles.pop_back();
  return taken;
}

static void give_back(std::unique_ptr<PooledHandle> handle) {
  Idle& i = idle();
  const std::lock_guard<std::mutex> lock(i.mutex);
  i.handles.push_back(std::move(handle));
}

const Functions& functions() {
  const Opened& l = library();
  if (!l.status.problem.empty()) throw Error("DEVICE_UNAVAILABLE", l.status.problem);
  return l.functions;
}

void check(cudnnStatus_t status, const char* what) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  synchronise(what);  // where the device itself has failed, that is the error
  throw Error(status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED ? "OUT_OF_MEMORY" : "NATIVE",
              std::string(what) + " by cuDNN: " + words_of(functions(), status));
}

Handle::Handle() {
  const Functions& f = functions();
  if (captures())
    throw Error("NATIVE", "an LSTM by cuDNN cannot be captured: where sequences end decides what it calls");
  pooled_ = take_idle();
  if (pooled_) {
    pooled_->done.precede();
  } else {
    pooled_ = std::make_unique<PooledHandle>();
    check(f.cudnnCreate(&pooled_->handle), "a handle");
  }
  check(f.cudnnSetStream(pooled_->handle, cudaStreamPerThread), "setting the stream");
}

// What was launched may use memory of the handle's own, and whoever takes it next may have another stream.
Handle::~Handle() {
  try {
    pooled_->done.record();
    give_back(std::move(pooled_));
  } catch (const Error&) {}  // the GPU is lost
}

}  // namespace torsor::cudnn

namespace torsor {

const Library& lstm_library() { return cudnn::library().status; }

std::string start_lstm_library() {
  using namespace cudnn;
  const Opened& l = library();
  if (!l.status.problem.empty()) return l.status.problem;
  try {
    const Handle handle;
    return "";
  } catch (const Error& error) {
    return "cuDNN " + l.status.version + " does not start on this GPU: " + error.what() +
           "; see whether it is for this GPU and for CUDA " + device_status().runtime;
  }
}

}  // namespace torsor
