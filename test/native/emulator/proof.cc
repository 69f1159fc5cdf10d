// The emulator proves itself: what is wrong in a kernel is reported as what it is, in every order of the threads, and what is right runs.
#include <cstdio>
#include "emulator/broken.h"
#include "emulator/emulator.h"

namespace broken {
float scratch[1024];
static emulator::Shared shared(scratch, sizeof scratch);
}  // namespace broken

using namespace emulator;
using Kernel = void (*)(const float*, float*, int);

constexpr int blocks = 2, threads = 64;
static int failures = 0;

static void expect(const char* name, bool holds, const std::string& what) {
  if (!holds) failures++;
  std::printf("%s %s: %s\n", holds ? "ok    " : "FAILED", name, what.c_str());
}

constexpr Order orders[] = {Order::forward, Order::backward, Order::shuffled};

static std::vector<float> numbers() {
  std::vector<float> x(blocks * threads);
  for (size_t k = 0; k < x.size(); k++) x[k] = float(int(k * 37 % 11) - 5);
  return x;
}

// In every order the error must begin with `wanted` and hold `detail`.
static void reports(const char* name, Kernel kernel, const std::string& wanted, const std::string& detail,
                    int grid = 1) {
  const std::string start = std::string(name) + ": " + wanted;
  for (Order order : orders) {
    Array<float> input("x", numbers()), output("y", blocks * threads, 0.0f);
    std::string message = "no error";
    try {
      launch({name, grid, threads, threads * 4, order}, kernel, input.data(), output.data(), threads);
    } catch (const Error& error) { message = error.what(); }
    const bool right = message.compare(0, start.size(), start) == 0 && message.find(detail) != std::string::npos;
    if (!right || order == Order::forward) expect(name, right, message);
  }
}

// value(x, k) is what y[k] must be.
template <class Value> static void runs(const char* name, Kernel kernel, int grid, Value value) {
  const std::vector<float> x = numbers();
  for (Order order : orders) {
    Array<float> input("x", x), output("y", blocks * threads, 0.0f);
    std::string message = "runs";
    try {
      launch({name, grid, threads, threads * 4, order}, kernel, input.data(), output.data(), threads);
      for (int k = 0; k < grid * threads; k++)
        if (output.data()[k] != value(x, k)) message = "wrong result at " + std::to_string(k);
    } catch (const Error& error) { message = error.what(); }
    const bool right = message == "runs";
    if (!right || order == Order::forward) expect(name, right, message);
  }
}

static float sum_of(const std::vector<float>& x, int first, int count) {
  float sum = 0;
  for (int k = first; k < first + count; k++) sum += x[k];
  return sum;
}

#define REPORTS(kernel, ...) reports(#kernel, broken::kernel, __VA_ARGS__)
#define RUNS(kernel, ...) runs(#kernel, broken::kernel, __VA_ARGS__)

int main() {
  REPORTS(reverse_without_barrier, "uninitialised read: thread ", "nobody has written so far");
  REPORTS(sum_of_neighbours, "race: thread ", "with no barrier in between");
  REPORTS(read_behind_the_end, "out of bounds: thread 0 of block 0 reads 4 bytes",
          "0 bytes behind the end of x (128 elements)");
  REPORTS(write_before_the_start, "out of bounds: thread 0 of block 0 writes 4 bytes", "4 bytes before the start of y");
  REPORTS(beyond_shared_memory, "out of bounds: thread ", "behind the end of shared memory (64 elements)");
  REPORTS(half_a_vector, "misaligned: thread ", "a vector of 16 bytes");
  REPORTS(read_unwritten_shared, "uninitialised read: thread 63 of block 1", "shared memory[63]", 2);
  REPORTS(read_unwritten_array, "uninitialised read: thread ", "y[");
  REPORTS(barrier_for_some, "divergent barrier: thread ", "has ended");
  REPORTS(barriers_on_two_lines, "divergent barrier: thread 0 waits at broken.cu:", "thread 32 at broken.cu:");
  REPORTS(everybody_adds, "race: thread ", "y[0]");
  REPORTS(atomic_then_plain, "race: thread ", "y[0]");
  REPORTS(blocks_share_a_sum, "race: thread 0 of block ", "in the same launch", 2);
  REPORTS(blocks_read_each_other, "race: thread ", "in the same launch", 2);
  REPORTS(read_only_cache_of_output, "read-only cache: thread ", "y[");
  REPORTS(stack_of_another, "out of bounds: thread ", "the stack of another thread");
  REPORTS(warp_rotation_without_syncwarp, "race: thread ", "shared memory[");
  REPORTS(shuffle_without_some, "warp operation: thread ", "lanes of its mask");
  REPORTS(shuffle_from_outside_the_mask, "warp shuffle: thread ", "takes no part");
  REPORTS(barrier_against_shuffle, "warp operation: thread ", "lanes of its mask");
  using X = const std::vector<float>&;
  RUNS(reverse, 2, [](X x, int k) { return x[k / threads * threads + threads - 1 - k % threads]; });
  RUNS(everybody_adds_atomically, 1, [](X x, int) { return sum_of(x, 0, threads); });
  RUNS(warp_sum, 1, [](X x, int k) { return 2 * sum_of(x, k / warp_size * warp_size, warp_size); });
  RUNS(warp_votes, 1, [](X x, int k) {
    int below = 0;
    for (int other = k / warp_size * warp_size + k % 2; other < k; other += 2) below += x[other] > 0;
    return float(below);
  });
  RUNS(warp_rotation, 1, [](X x, int k) { return x[k / warp_size * warp_size + (k + 2) % warp_size]; });
  std::printf("%d failures\n", failures);
  return failures ? 1 : 0;
}
