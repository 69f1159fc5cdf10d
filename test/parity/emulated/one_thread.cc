// Blocks of one thread, whatever the launch asks for: kernels share out their work by blockDim, so the results are the same. Several threads
// of the process may run kernels at once.
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

void* allocate(size_t bytes) { return std::aligned_alloc(256, (bytes + 255) / 256 * 256); }
void release(void* block) { std::free(block); }

}  // namespace engine
