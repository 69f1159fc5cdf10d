// The side of launch.h and functions.h that stays on the host: a kernel call shares its work among the GPU's cores itself, so the caller is the
// only thread; and scalar mathematics, whose arrays are JavaScript's, runs on the thread that asks.
#include "device/cuda/pool.h"
#include "device/functions.h"
#include "device/launch.h"

namespace torsor {

namespace baseline {
extern const FunctionKernels function_table;
}

const FunctionKernels& function_kernels() { return baseline::function_table; }

int threads() { return 1; }
void set_threads(int) {}

void parallel_items(int count, void (*run)(void* context, int item), void* context) {
  for (int item = 0; item < count; item++) run(context, item);
}

// Kernels take their own from the pool.
float* workspace(int64_t) { return nullptr; }

int64_t workspace_bytes() {
  const PoolUse pool = gpu_memory().scratch.use();
  return pool.taken + pool.kept;
}

}  // namespace torsor
