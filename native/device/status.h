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
  // Why it cannot run what we compute, as far as that shows before it is started; as below.
  std::string problem;
};

struct DeviceStatus {
  // Why it cannot run here: what was looked for, what was found, what helps. Empty: it can, on processors without a problem of their own.
  std::string problem;
  std::string driver, runtime;        // versions, where the device has them
  std::vector<Processor> processors;  // none for the cpu, of which nothing needs to be told
};

// Asked once, when it is first wanted: a driver that was missing then does not appear later in the same process. Starts no processor, which
// would take memory of it.
const DeviceStatus& device_status();

// Starts a processor; why it does not run, as above, or nothing.
std::string start_processor(int number);

// Throws Error DEVICE_LOST once a processor has failed for good: from then on nothing may be asked of it, nor its memory touched.
void require_device(int processor);

// Libraries of others, for LSTMs over whole sequences and for products of matrices, opened at the first call; `problem` as above.
struct Library {
  std::string problem, version;
};
const Library& lstm_library();
const Library& product_library();
// Starts one on the current processor; its problem, or why it does not start there.
std::string start_lstm_library();
std::string start_product_library();

}  // namespace torsor
