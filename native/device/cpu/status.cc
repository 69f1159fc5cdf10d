// The processor runs wherever the addon was loaded.
#include "device/status.h"

namespace torsor {

const char* const device_name = "cpu";

const DeviceStatus& device_status() {
  static const DeviceStatus status;
  return status;
}

std::string start_processor(int) { return ""; }

void require_device(int) {}

const Library& lstm_library() {
  static const Library none{"the device cpu has kernels of its own alone", ""};
  return none;
}
const Library& product_library() { return lstm_library(); }

std::string start_lstm_library() { return lstm_library().problem; }
std::string start_product_library() { return product_library().problem; }

}  // namespace torsor
