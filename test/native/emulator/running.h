// What runs at the moment, between threads.cc, which says so, and memory.cc, which checks accesses. Time is counted in intervals: a
// barrier ends one, and so does the end of a block.
#pragma once
#include <cstdint>
#include <string>

namespace emulator {

// Whether this thread of the host runs a kernel; the others may do as they like meanwhile. (Initial-exec: it is asked at every access.)
extern thread_local bool in_kernel __attribute__((tls_model("initial-exec")));

struct Running {
  uint32_t interval = 0, first_of_block = 0, first_of_launch = 0;
  int block = 0, thread = 0;
  uint32_t warp_phase = 0;  // of the thread's warp: counts its __syncwarps
  const char *stack = nullptr, *stack_end = nullptr;
};
extern Running running;

// Ends the launch with an Error; called by a thread of the kernel.
[[noreturn]] void fail(const std::string& what);

// From here on shared memory has `bytes` bytes.
void resize_shared(size_t bytes);
// Whether an address belongs to the stack of some thread.
bool on_a_stack(const char* address);
// The block that ran in an interval of this launch.
int block_of(uint32_t interval);

}  // namespace emulator
