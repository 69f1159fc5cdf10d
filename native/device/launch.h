// Work that is spread over the threads of the device. What an item computes must not depend on who runs it, or on how many there are.
#pragma once
#include <cstdint>

namespace torsor {

int threads();
void set_threads(int count);

// Calls run(context, item) for 0 <= item < count and returns when all are done. Every thread takes a contiguous share. A call while
// another is under way (from a second JavaScript thread, say) runs on the caller alone.
void parallel_items(int count, void (*run)(void* context, int item), void* context);

template <class F> void parallel(int count, F&& f) {
  parallel_items(
      count, [](void* context, int item) { (*static_cast<F*>(context))(item); }, &f);
}

// Scratch memory of the calling thread, aligned to 64 bytes; valid until its next call.
float* workspace(int64_t floats);

// What the threads hold for it, all together, on the current processor.
int64_t workspace_bytes();

}  // namespace torsor
