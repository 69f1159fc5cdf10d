// A library with the functions of cuDNN that torsor calls, for tests: an LSTM in float64 over memory of the process, which takes nothing that
// cuDNN's documentation does not promise. Compiled with the real headers where there are any, so that every function has its real type.
// TORSOR_CUDNN_PLAYS names what goes wrong: `old` (version 8), `no-start` (no handle), `fails` (the LSTM itself). Empty: nothing.
#ifdef TORSOR_CUDNN_HEADERS
#include <cudnn.h>
#else
#include "device/cuda/cudnn_api.h"
using namespace torsor::cudnn;
constexpr uint32_t CUDNN_RNN_PADDED_IO_DISABLED = padded_io_disabled;
#endif

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "cudnn_cell.h"

struct cudnnContext {
  int gpu;
  bool has_stream = false;
  std::atomic<bool> busy{false};
};
struct cudnnTensorStruct {
  std::vector<int> size, stride;
};
struct cudnnDropoutStruct {
  bool set = false;
};
struct cudnnRNNStruct {
  int inputs = 0, units = 0;
};
struct cudnnRNNDataStruct {
  int width = 0;
  std::vector<int> lengths;
};

static thread_local std::string failure;

static bool plays(const char* what) {
  const char* const wanted = std::getenv("TORSOR_CUDNN_PLAYS");
  return wanted && std::string(wanted) == what;
}

#define EXPECT(condition)               \
  do {                                  \
    if (!(condition)) {                 \
      failure = #condition;             \
      return CUDNN_STATUS_BAD_PARAM;    \
    }                                   \
  } while (false)

// The GPU that is current where a function was called from: the runtime is that of the addon, of which there may be several.
static int current_gpu(void* caller) {
  Dl_info addon;
  if (!dladdr(caller, &addon)) return -1;
  void* const opened = dlopen(addon.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  auto* const current = opened ? reinterpret_cast<int (*)()>(dlsym(opened, "torsor_emulated_gpu")) : nullptr;
  const int gpu = current ? current() : -1;
  if (opened) dlclose(opened);
  return gpu;
}
#define CURRENT_GPU current_gpu(__builtin_return_address(0))

// A handle serves one thread at a time, on a stream it has been told, and on its GPU.
class Use {
 public:
  Use(cudnnHandle_t handle, int gpu)
      : handle_(handle), alone_(handle && handle->gpu == gpu && !handle->busy.exchange(true)) {}
  ~Use() {
    if (alone_) handle_->busy = false;
  }
  bool ready() const { return alone_ && handle_->has_stream; }

 private:
  cudnnHandle_t handle_;
  bool alone_;
};

// What a training forward was given, by its reserve: backward has to be given the same, and comes in a fixed order.
enum class Stage { forward, data, weights };
struct Run {
  Stage stage;
  const void *x, *y, *hx, *cx, *weights;
  std::vector<int> lengths;
};
static std::mutex mutex;
static std::map<void*, Run> runs;

static size_t weight_bytes(const cudnnRNNStruct& lstm) { return size_t(weight_floats(lstm.inputs, lstm.units)) * 4; }
static size_t work_bytes(const cudnnRNNDataStruct& x) { return 256 + x.lengths.size() * 64; }
static size_t reserve_bytes(const cudnnRNNStruct& lstm, const cudnnRNNDataStruct& x) {
  return size_t(steps_of(x.lengths)) * size_t(lstm.units) * kept_numbers * sizeof(double);
}
static bool is_carry(const cudnnTensorStruct* t, const cudnnRNNStruct& lstm, size_t sequences) {
  const std::vector<int> size{1, int(sequences), lstm.units}, stride{int(sequences) * lstm.units, lstm.units, 1};
  return t && t->size == size && t->stride == stride;
}

template <class T> static cudnnStatus_t create(T** made) {
  *made = new T;
  return CUDNN_STATUS_SUCCESS;
}
template <class T> static cudnnStatus_t destroy(T* it) {
  EXPECT(it != nullptr);
  delete it;
  return CUDNN_STATUS_SUCCESS;
}

extern "C" {

#define EXPORTED __attribute__((visibility("default")))

EXPORTED size_t cudnnGetVersion() { return plays("old") ? 8907 : 92400; }
EXPORTED size_t cudnnGetCudartVersion() { return 13000; }
EXPORTED const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS_OTHER";
}
EXPORTED void cudnnGetLastErrorString(char* message, size_t size) {
  std::strncpy(message, failure.c_str(), size - 1);
  message[size - 1] = 0;
}

EXPORTED cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  const int gpu = CURRENT_GPU;
  if (plays("no-start") || gpu < 0) return CUDNN_STATUS_NOT_INITIALIZED;
  *handle = new cudnnContext{gpu};
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t) {
  EXPECT(handle && !handle->busy && handle->gpu == CURRENT_GPU);
  handle->has_stream = true;
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* t) { return create(t); }
EXPORTED cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t t) { return destroy(t); }
EXPORTED cudnnStatus_t cudnnSetTensorNdDescriptor(cudnnTensorDescriptor_t t, cudnnDataType_t type, int dimensions,
                                                  const int size[], const int stride[]) {
  EXPECT(t && type == CUDNN_DATA_FLOAT && dimensions >= 3);
  for (int k = 0; k < dimensions; k++) EXPECT(size[k] > 0 && stride[k] > 0);
  t->size.assign(size, size + dimensions);
  t->stride.assign(stride, stride + dimensions);
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnGetTensorNdDescriptor(const cudnnTensorDescriptor_t t, int requested, cudnnDataType_t* type,
                                                  int* dimensions, int size[], int stride[]) {
  EXPECT(t && !t->size.empty());
  *type = CUDNN_DATA_FLOAT;
  *dimensions = int(t->size.size());
  for (int k = 0; k < requested && k < *dimensions; k++) {
    size[k] = t->size[size_t(k)];
    stride[k] = t->stride[size_t(k)];
  }
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* d) { return create(d); }
EXPORTED cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t d) { return destroy(d); }
EXPORTED cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t d, cudnnHandle_t handle, float dropout,
                                                 void* states, size_t bytes, unsigned long long) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && d && dropout == 0 && !states && bytes == 0);
  d->set = true;
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* r) { return create(r); }
EXPORTED cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t r) { return destroy(r); }
EXPORTED cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t r, cudnnRNNAlgo_t algorithm, cudnnRNNMode_t mode,
                                                cudnnRNNBiasMode_t bias, cudnnDirectionMode_t direction,
                                                cudnnRNNInputMode_t input, cudnnDataType_t type,
                                                cudnnDataType_t computed_in, cudnnMathType_t math, int32_t inputs,
                                                int32_t units, int32_t projected, int32_t layers,
                                                cudnnDropoutDescriptor_t dropout, uint32_t flags) {
  EXPECT(r && algorithm == CUDNN_RNN_ALGO_STANDARD && mode == CUDNN_LSTM && bias == CUDNN_RNN_DOUBLE_BIAS);
  EXPECT(direction == CUDNN_UNIDIRECTIONAL && input == CUDNN_LINEAR_INPUT);
  EXPECT(type == CUDNN_DATA_FLOAT && computed_in == CUDNN_DATA_FLOAT);
  EXPECT(math == CUDNN_FMA_MATH || math == CUDNN_DEFAULT_MATH);
  EXPECT(inputs > 0 && units > 0 && projected == units && layers == 1);
  EXPECT(dropout && dropout->set && flags == CUDNN_RNN_PADDED_IO_DISABLED);
  r->inputs = inputs;
  r->units = units;
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* d) { return create(d); }
EXPORTED cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t d) { return destroy(d); }
EXPORTED cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t d, cudnnDataType_t type,
                                                 cudnnRNNDataLayout_t layout, int longest, int batch, int width,
                                                 const int lengths[], void* padding) {
  EXPECT(d && type == CUDNN_DATA_FLOAT && layout == CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED && !padding);
  EXPECT(longest > 0 && batch > 0 && width > 0 && lengths && lengths[0] == longest);
  for (int k = 0; k < batch; k++) EXPECT(lengths[k] > 0 && (k == 0 || lengths[k] <= lengths[k - 1]));
  d->width = width;
  d->lengths.assign(lengths, lengths + batch);
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t handle, cudnnRNNDescriptor_t r, cudnnForwardMode_t mode,
                                                 cudnnRNNDataDescriptor_t x, size_t* work, size_t* reserve) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && r->units > 0 && x && x->width == r->inputs);
  *work = work_bytes(*x);
  *reserve = mode == CUDNN_FWD_MODE_TRAINING ? reserve_bytes(*r, *x) : 0;
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t handle, cudnnRNNDescriptor_t r, size_t* bytes) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && r->units > 0);
  *bytes = weight_bytes(*r);
  return CUDNN_STATUS_SUCCESS;
}
EXPORTED cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t handle, cudnnRNNDescriptor_t r, int32_t layer, size_t bytes,
                                               const void* space, int32_t linear, cudnnTensorDescriptor_t matrix,
                                               void** matrix_at, cudnnTensorDescriptor_t bias, void** bias_at) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && r->units > 0 && layer == 0 && bytes == weight_bytes(*r) && space);
  EXPECT(linear >= 0 && linear < 8 && matrix && matrix_at && bias && bias_at);
  const int width = linear < 4 ? r->inputs : r->units;
  float* const weights = const_cast<float*>(static_cast<const float*>(space));
  *matrix_at = weights + matrix_offset(r->inputs, r->units, linear);
  *bias_at = weights + bias_offset(r->inputs, r->units, linear);
  matrix->size = {1, r->units, width};
  matrix->stride = {r->units * width, width, 1};
  bias->size = {1, r->units, 1};
  bias->stride = {r->units, 1, 1};
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnRNNForward(cudnnHandle_t handle, cudnnRNNDescriptor_t r, cudnnForwardMode_t mode,
                                       const int32_t device_lengths[], cudnnRNNDataDescriptor_t xd, const void* x,
                                       cudnnRNNDataDescriptor_t yd, void* y, cudnnTensorDescriptor_t hd, const void* hx,
                                       void* hy, cudnnTensorDescriptor_t cd, const void* cx, void* cy, size_t bytes,
                                       const void* weights, size_t work_size, void* work, size_t reserve_size,
                                       void* reserve) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && r->units > 0 && !device_lengths && xd && yd && x && y && x != y);
  EXPECT(xd->width == r->inputs && yd->width == r->units && xd->lengths == yd->lengths);
  EXPECT(is_carry(hd, *r, xd->lengths.size()) && is_carry(cd, *r, xd->lengths.size()));
  EXPECT(bytes == weight_bytes(*r) && weights && work_size == work_bytes(*xd) && work);
  const bool training = mode == CUDNN_FWD_MODE_TRAINING;
  EXPECT(training ? reserve && reserve_size == reserve_bytes(*r, *xd) : !reserve && reserve_size == 0);
  if (plays("fails")) {
    failure = "as the test wants it";
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  std::memset(work, 0xff, work_size);
  std::vector<double> kept;
  forward({r->inputs, r->units, static_cast<const float*>(weights)}, xd->lengths,
          {static_cast<const float*>(x), static_cast<float*>(y), static_cast<const float*>(hx),
           static_cast<const float*>(cx), static_cast<float*>(hy), static_cast<float*>(cy)},
          kept);
  if (training) {
    std::memcpy(reserve, kept.data(), reserve_size);
    const std::lock_guard<std::mutex> lock(mutex);
    runs[reserve] = {Stage::forward, x, y, hx, cx, weights, xd->lengths};
  }
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnRNNBackwardData_v8(cudnnHandle_t handle, cudnnRNNDescriptor_t r,
                                               const int32_t device_lengths[], cudnnRNNDataDescriptor_t yd,
                                               const void* y, const void* dy, cudnnRNNDataDescriptor_t xd, void* dx,
                                               cudnnTensorDescriptor_t hd, const void* hx, const void* dhy, void* dhx,
                                               cudnnTensorDescriptor_t cd, const void* cx, const void* dcy, void* dcx,
                                               size_t bytes, const void* weights, size_t work_size, void* work,
                                               size_t reserve_size, void* reserve) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && !device_lengths && xd && yd && dy && dx && dhx && dcx && dhx != dhy && dcx != dcy);
  EXPECT(is_carry(hd, *r, xd->lengths.size()) && is_carry(cd, *r, xd->lengths.size()));
  EXPECT(bytes == weight_bytes(*r) && work_size == work_bytes(*xd) && reserve_size == reserve_bytes(*r, *xd));
  const std::lock_guard<std::mutex> lock(mutex);
  const auto run = runs.find(reserve);
  EXPECT(run != runs.end() && run->second.stage == Stage::forward);
  EXPECT(run->second.y == y && run->second.hx == hx && run->second.cx == cx && run->second.weights == weights);
  EXPECT(run->second.lengths == xd->lengths && xd->lengths == yd->lengths);
  std::memset(work, 0xff, work_size);
  backward({r->inputs, r->units, static_cast<const float*>(weights)}, xd->lengths, static_cast<double*>(reserve),
           {static_cast<const float*>(dy), static_cast<float*>(dx), static_cast<const float*>(cx),
            static_cast<const float*>(dhy), static_cast<const float*>(dcy), static_cast<float*>(dhx),
            static_cast<float*>(dcx)});
  run->second.stage = Stage::data;
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnRNNBackwardWeights_v8(cudnnHandle_t handle, cudnnRNNDescriptor_t r, cudnnWgradMode_t mode,
                                                  const int32_t device_lengths[], cudnnRNNDataDescriptor_t xd,
                                                  const void* x, cudnnTensorDescriptor_t hd, const void* hx,
                                                  cudnnRNNDataDescriptor_t yd, const void* y, size_t bytes,
                                                  void* d_weights, size_t work_size, void* work, size_t reserve_size,
                                                  void* reserve) {
  const Use use(handle, CURRENT_GPU);
  EXPECT(use.ready() && r && mode == CUDNN_WGRAD_MODE_ADD && !device_lengths && xd && yd && d_weights);
  EXPECT(is_carry(hd, *r, xd->lengths.size()) && bytes == weight_bytes(*r));
  EXPECT(work_size == work_bytes(*xd) && reserve_size == reserve_bytes(*r, *xd));
  const std::lock_guard<std::mutex> lock(mutex);
  const auto run = runs.find(reserve);
  EXPECT(run != runs.end() && run->second.stage == Stage::data);
  EXPECT(run->second.x == x && run->second.y == y && run->second.hx == hx && run->second.lengths == xd->lengths);
  std::memset(work, 0xff, work_size);
  add_weight_gradient({r->inputs, r->units, static_cast<float*>(d_weights)}, xd->lengths,
                      static_cast<const double*>(reserve), static_cast<const float*>(x), static_cast<const float*>(hx),
                      static_cast<const float*>(y));
  run->second.stage = Stage::weights;
  return CUDNN_STATUS_SUCCESS;
}

}  // extern "C"
