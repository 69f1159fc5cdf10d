// Our declarations of cuDNN (device/cuda/cudnn_api.h) against its own headers; compiled where those are.
#include <cudnn.h>

#include <type_traits>

#include "device/cuda/cudnn_api.h"

namespace {

namespace ours = torsor::cudnn;

// What a call passes alike: pointers of any type, and integers and enumerations of one size.
template <class A, class B> constexpr bool passes_alike() {
  if constexpr (std::is_pointer_v<A> || std::is_pointer_v<B> || std::is_void_v<A> || std::is_void_v<B>)
    return (std::is_pointer_v<A> && std::is_pointer_v<B>) || (std::is_void_v<A> && std::is_void_v<B>);
  else
    return sizeof(A) == sizeof(B) && std::is_floating_point_v<A> == std::is_floating_point_v<B> &&
           std::is_enum_v<A> == std::is_enum_v<B>;
}

template <class A, class B> struct CalledAlike : std::false_type {};
template <class R, class... P, class S, class... Q> struct CalledAlike<R (*)(P...), S (*)(Q...)> {
  static constexpr bool of_parameters() {
    if constexpr (sizeof...(P) == sizeof...(Q))
      return (passes_alike<P, Q>() && ...);
    else
      return false;
  }
  static constexpr bool value = passes_alike<R, S>() && of_parameters();
};

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
