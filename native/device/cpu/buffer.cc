// Buffers in the memory of the process.
#include "device/buffer.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "device/error.h"

namespace torsor {

static std::atomic<int64_t> buffers{0}, total_bytes{0};

Buffer::Buffer(int64_t bytes) : bytes_(bytes) {
  const int64_t rounded = ((bytes < 1 ? 1 : bytes) + 63) & ~int64_t(63);
  data_ = std::aligned_alloc(64, size_t(rounded));
  if (!data_) throw Error("OUT_OF_MEMORY", "no memory for a buffer of " + std::to_string(bytes) + " bytes");
  std::memset(data_, 0, size_t(rounded));
  buffers++;
  total_bytes += bytes;
}

void Buffer::release() {
  if (!data_) return;
  std::free(data_);
  buffers--;
  total_bytes -= bytes_;
  data_ = nullptr;
  bytes_ = 0;
}

void copy_bytes(void* to, const void* from, int64_t bytes) { std::memcpy(to, from, size_t(bytes)); }

MemoryUse memory_use(int) { return {buffers, total_bytes, total_bytes, no_memory_limit}; }

void set_memory_limit(int, int64_t) {
  throw Error("UNSUPPORTED",
              "setMemoryLimit: memory of the cpu is the operating system's to limit; a GPU has such a limit");
}

}  // namespace torsor
