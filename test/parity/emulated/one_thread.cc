// Blocks of one thread, whatever the launch asks for: kernels share out their work by blockDim, so the results are the same. Several threads
// of the process may run kernels at once.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "engine.h"
#include "kernel.h"

__thread Index blockIdx, gridDim;

namespace torsor::device {
__thread float columns[engine::shared_bytes / 4] __attribute__((aligned(16)));
}

namespace engine {

std::string run(const Launch& launch, const Thread& thread) {
  gridDim = {unsigned(launch.blocks), 1, 1};
  for (blockIdx = {0, 0, 0}; blockIdx.x < gridDim.x; blockIdx.x++) {
    std::memset(torsor::device::columns, 0xff, launch.shared_bytes);  // NaN: a block finds nothing it may use
    thread.call(thread.arguments);
  }
  return "";
}

// Not from the heap, which begins anywhere below 2^30: a learning rate beside a zero would be taken for an address there (see launch_kernel). In
// front of a block stands how much is mapped.
constexpr size_t header = 256;
void* allocate(size_t bytes) {
  void* const mapped = mmap(nullptr, bytes + header, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) std::abort();
  std::memcpy(mapped, &bytes, sizeof bytes);
  return static_cast<char*>(mapped) + header;
}
void release(void* block) {
  char* const mapped = static_cast<char*>(block) - header;
  size_t bytes;
  std::memcpy(&bytes, mapped, sizeof bytes);
  munmap(mapped, bytes + header);
}

}  // namespace engine
