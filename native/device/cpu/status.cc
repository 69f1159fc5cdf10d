// The processor runs wherever the addon was loaded.
#include "device/status.h"

namespace torsor {

const char* const device_name = "cpu";

const DeviceStatus& device_status() {
  static const DeviceStatus status;
  return status;
}

void require_device() {}

const LstmLibrary& lstm_library() {
  static const LstmLibrary none{"the device cpu has kernels of its own alone", ""};
  return none;
}

}  // namespace torsor
