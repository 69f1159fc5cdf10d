// CUDA's runtime with our errors, and what of the GPU the host side asks about. Each thread of the process has a stream of
// its own on every GPU.
#pragma once
#include <cuda_runtime.h>

#include <string>

namespace torsor {

// Throws Error: OUT_OF_MEMORY, NATIVE with CUDA's own words, or DEVICE_LOST of the current GPU: the same from its first time on. `what` says
// what was being done.
void check(cudaError_t, const std::string& what);

struct Gpu {
  int multiprocessors;
  int64_t shared_bytes;  // of one block at most, once a kernel has asked for it
};

// The current one: see device/processor.h.
const Gpu& gpu();

// Whether what the calling thread launches is captured, and does not run.
bool captures();

// Waits for what the calling thread has launched; an error in any of it is thrown here.
void synchronise(const char* what);

}  // namespace torsor
