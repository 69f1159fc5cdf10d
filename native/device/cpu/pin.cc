// Kernels of the CPU read and write arrays where they are.
#include "device/pin.h"

namespace torsor {

Pin::Pin(void* data, int64_t) : data_(data) {}
Pin::~Pin() { data_ = nullptr; }

}  // namespace torsor
