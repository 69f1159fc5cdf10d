// See cudnn.h.
#include "device/cuda/cudnn.h"

#include <dlfcn.h>
#include <glob.h>
#include <link.h>

#include <cstdlib>
#include <mutex>
#include <sstream>
#include <vector>

#include "device/cuda/per_gpu.h"
#include "device/cuda/runtime.h"
#include "device/error.h"

namespace torsor::cudnn {

constexpr const char* file_name = "libcudnn.so.9";
// cuDNN opens them itself when they are first needed, and ends the process where one is missing. In the order of their dependencies.
constexpr const char* parts[] = {"libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_adv.so.9"};
constexpr const char* help =
    "install cuDNN 9 for CUDA 13 (pip install nvidia-cudnn-cu13, or cudnn9-cuda-13 of NVIDIA's packages)";

struct Library {
  Functions functions{};
  LstmLibrary status;
};

static std::string number(size_t version) {  // 92400 is 9.24.0; before version 9, 8907 was 8.9.7
  const size_t major = version >= 90000 ? version / 10000 : version / 1000,
               rest = version % (version >= 90000 ? 10000 : 1000);
  return std::to_string(major) + "." + std::to_string(rest / 100) + "." + std::to_string(rest % 100);
}

static std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

// Where pip puts it: beside the Python of every folder on PATH, be it a system's or that of a virtual environment.
static std::vector<std::string> files_of_pip() {
  std::vector<std::string> files;
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    glob_t found{};
    const std::string pattern = folder + "/../lib/python3*/*-packages/nvidia/cudnn/lib/" + file_name;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
      for (size_t k = 0; k < found.gl_pathc; k++) files.push_back(found.gl_pathv[k]);
    globfree(&found);
  }
  return files;
}

static void* open(const std::string& file) { return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); }
static std::string why() {
  const char* const error = dlerror();
  return error ? error : "unknown error";
}

static void* open_library(std::string& problem) {
  if (const char* const given = std::getenv("TORSOR_CUDNN")) {
    void* const library = open(given);
    if (!library) problem = "TORSOR_CUDNN could not be opened (" + why() + "); correct or unset it";
    return library;
  }
  if (void* const library = open(file_name)) return library;
  const std::string reason = why();
  for (const std::string& file : files_of_pip())
    if (void* const library = open(file)) return library;
  problem = std::string("cuDNN was found neither by the linker (") + reason +
            ") nor in the site-packages of a Python on PATH; " + help + ", or set TORSOR_CUDNN to the path of " +
            file_name;
  return nullptr;
}

static std::string problem_of_parts(const std::string& folder) {
  for (const char* part : parts)
    if (!open(folder + "/" + part))
      return "cuDNN in " + folder + " is not complete: " + part + " could not be opened (" + why() + "); " + help;
  return "";
}

// Products of matrices are cuBLAS's. pip has it in a folder of its own.
static std::string problem_of_blas(const std::string& folder, size_t runtime) {
  const std::string major = std::to_string(runtime / 1000), name = "libcublasLt.so." + major;
  std::string reason;
  for (const std::string& place : {folder + "/", folder + "/../../cu" + major + "/lib/", folder + "/../../cublas/lib/",
                                   std::string("/usr/local/cuda/lib64/"), std::string()}) {
    if (open(place + name)) return "";
    reason = why();
  }
  return "cuDNN in " + folder + " needs " + name + ", which could not be opened (" + reason +
         "); install cuBLAS of CUDA " + major;
}

static std::string words_of(const Functions& f, cudnnStatus_t status) {
  char words[512] = "";
  f.cudnnGetLastErrorString(words, sizeof words);
  return f.cudnnGetErrorString(status) + std::string(words[0] ? ": " : "") + words;
}

static std::string find(Functions& f, LstmLibrary& status) {
  std::string problem;
  void* const library = open_library(problem);
  if (!library) return problem;
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) return "cuDNN was opened, but not where it lies: " + why();
  const std::string file = map->l_name, folder = folder_of(file);
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
    status.version = number(f.cudnnGetVersion());
    if (status.version[0] != '9' || status.version[1] != '.')
      return file + " is cuDNN " + status.version + ", and 9 is needed; " + help;
  }
  if (!problem.empty()) return problem;
  return problem_of_blas(folder, f.cudnnGetCudartVersion());
}

static const Library& library() {
  static const Library* const library = [] {
    Library* const made = new Library;
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
  const Library& l = library();
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

const LstmLibrary& lstm_library() { return cudnn::library().status; }

std::string start_lstm_library() {
  using namespace cudnn;
  const Library& l = library();
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
