// The machine that is emulated: its GPUs, and what their streams do. Shared by runtime.cc, memory.cc and streams.cc.
#pragma once
#include <cuda_runtime.h>

#include <functional>
#include <string>

#include "faults.h"

// Of a GPU: small, so that tests can run out of it.
constexpr size_t memory_bytes = size_t(256) << 20;

// See cuda_runtime.h for what TORSOR_EMULATED names.
bool missing(const std::string& what);
bool missing(const std::string& what, int gpu);

// How many there are, and which is current on the calling thread.
int gpu_count();
extern thread_local int current;

// For everything that needs the current GPU: why it does not answer.
cudaError_t use();

// Whether an address lies in memory of another GPU than the current one.
bool elsewhere(const void* address);
// Whether all bytes from there on lie in one block of the current one.
bool reaches(const void* address, size_t bytes);

// What a stream does, with what must be the same for a graph to take over another's arguments.
struct Node {
  const void* kernel;  // null: a move or a clear
  std::function<cudaError_t()> run;
};
cudaError_t run_or_capture(Node);
// An error, which ends the capture of the calling thread; success where there is none.
cudaError_t not_in_a_capture();
