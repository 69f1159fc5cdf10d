// What a thread of a kernel asks of the emulator; cuda.h gives it CUDA's names. Not for tests: see emulator.h.
#pragma once
#include <cstddef>

namespace emulator {

struct Index {
  unsigned x, y, z;
};
Index thread_index();
Index block_index();
Index block_size();
Index grid_size();
int lane();

void barrier(const char* file, int line);

enum class WarpOperation { synchronize, shuffle, ballot };
// Waits for the lanes of `mask`. shuffle: the value of lane `source`; ballot: a bit per lane whose value is not 0.
unsigned warp(WarpOperation, unsigned mask, unsigned value, int source);

float add(float* p, float x);
int add(int* p, int x);
unsigned add(unsigned* p, unsigned x);

// A read through the read-only cache: of what the launch does not write.
void read_only(const void* p, size_t bytes);
void check_alignment(const void* p, size_t bytes);

}  // namespace emulator
