// Which device an addon was built for, and whether it can run on this machine.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace torsor {

// As lib/ names it.
extern const char* const device_name;

struct Processor {
  std::string name, compute_capability;
  int64_t bytes;  // of its memory
};

struct DeviceStatus {
  // Why it cannot run here: what was looked for, what was found, what helps. Empty: it can.
  std::string problem;
  std::string driver, runtime;  // versions, where the device has them
  std::vector<Processor> processors;
};

// Asked once, when it is first wanted: a driver that was missing then does not appear later in the same process.
const DeviceStatus& device_status();

// Throws Error DEVICE_LOST once the device has failed for good: from then on nothing may be asked of it, nor its memory touched.
void require_device();

// A library of others that runs an LSTM over whole sequences, opened at the first call; `problem` as above.
struct LstmLibrary {
  std::string problem, version;
};
const LstmLibrary& lstm_library();

}  // namespace torsor
