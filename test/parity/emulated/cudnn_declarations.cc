// Our declarations of cuDNN (device/cuda/cudnn_api.h) against its own headers; compiled where those are.
#include <cudnn.h>

#include "called_alike.h"
#include "device/cuda/cudnn_api.h"

namespace {

namespace ours = torsor::cudnn;

#define CALLED_ALIKE(result, name, parameters) \
  static_assert(CalledAlike<decltype(&::name), decltype(ours::Functions::name)>::value, #name);
TORSOR_CUDNN_FUNCTIONS(CALLED_ALIKE)

#define SAME(name) static_assert(int(::name) == int(ours::name), #name);
SAME(CUDNN_STATUS_SUCCESS)
SAME(CUDNN_STATUS_NOT_INITIALIZED)
SAME(CUDNN_STATUS_BAD_PARAM)
SAME(CUDNN_STATUS_NOT_SUPPORTED)
SAME(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED)
SAME(CUDNN_DATA_FLOAT)
SAME(CUDNN_DEFAULT_MATH)
SAME(CUDNN_FMA_MATH)
SAME(CUDNN_RNN_ALGO_STANDARD)
SAME(CUDNN_FWD_MODE_INFERENCE)
SAME(CUDNN_FWD_MODE_TRAINING)
SAME(CUDNN_LSTM)
SAME(CUDNN_RNN_DOUBLE_BIAS)
SAME(CUDNN_UNIDIRECTIONAL)
SAME(CUDNN_LINEAR_INPUT)
SAME(CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED)
SAME(CUDNN_WGRAD_MODE_ADD)
static_assert(CUDNN_RNN_PADDED_IO_DISABLED == ours::padded_io_disabled, "CUDNN_RNN_PADDED_IO_DISABLED");
static_assert(CUDNN_MAJOR == 9, "the headers are of another version of cuDNN");

}  // namespace
