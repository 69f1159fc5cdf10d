// What runs a kernel here. One of two is linked: one_thread.cc, which is fast, or many_threads.cc, which finds races and stray accesses.
#pragma once
#include <cstddef>
#include <string>

namespace engine {

constexpr int shared_bytes = 227 << 10;  // of a block at most

struct Launch {
  int blocks, threads;
  size_t shared_bytes;
};

struct Thread {
  void (*call)(const void* arguments);
  const void* arguments;
};

// Calls it as every thread of every block; returns what is wrong with the kernel, or nothing.
std::string run(const Launch&, const Thread&);

// Memory of the device, aligned to 256 bytes.
void* allocate(size_t bytes);
void release(void*);

}  // namespace engine
