// A small emulator of how CUDA runs a kernel, for tests. Kernels are compiled for the host from their own sources: cuda.h stands in for
// CUDA's header, and -fsanitize=thread makes the compiler announce every load and store to memory.cc (libtsan is not linked: the hooks
// are ours). Blocks run one after another; the threads of a block are fibers of one OS thread that switch at barriers and warp operations.
//
// What it reports as an Error that names kernel, array, element, threads and lines:
//   - an access outside the arrays, beyond the shared memory of the launch, misaligned, or to the stack of another thread;
//   - a read of what nobody has written: shared memory since the block began, an array since it was made;
//   - a race: two threads at one element without a barrier in between, one of them writing, whatever the order they ran in; two blocks
//     likewise. Atomics do not race with atomics;
//   - __ldg of an element that the same launch writes;
//   - a barrier that not all threads of a block reach, or not on the same line; a warp operation that misses lanes of its mask.
//
// What it cannot show: whatever depends on blocks running at once (fences, locks; they may share nothing but atomics here), code that
// relies on warps running in step, static shared memory, tensor cores, asynchronous copies, registers, performance. A __syncwarp orders
// memory only if it takes the whole warp. A memcpy of a size that the compiler does not know is not seen. Arithmetic is the host's.
#pragma once
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace emulator {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Dim3 {
  unsigned x, y, z;
  Dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  int count() const { return int(x * y * z); }
};

// The order in which blocks, and the threads of a block, take their turns. Results must not depend on it.
enum class Order { forward, backward, shuffled };

struct Launch {
  const char* kernel;  // its name, for errors
  Dim3 grid, block;
  size_t shared_bytes = 0;
  Order order = Order::forward;
};

// Limits of sm_90, per block; lanes of a warp.
constexpr int max_threads = 1024, warp_size = 32;
constexpr size_t max_shared_bytes = 227 * 1024;

void run(const Launch&, const std::function<void()>& thread);

template <class... Parameter, class... Argument>
void launch(const Launch& l, void (*kernel)(Parameter...), const Argument&... arguments) {
  const std::tuple<Parameter...> parameters(arguments...);
  run(l, [&] { std::apply(kernel, parameters); });
}

// Memory that kernels may touch; `element` bytes are the unit of the checks.
class Memory {
 public:
  Memory(const char* name, size_t bytes, size_t element, bool written);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

 protected:
  char* data_;

 private:
  std::vector<char> storage_;
};

// An array in global memory.
template <class T> class Array : Memory {
 public:
  Array(const char* name, const std::vector<T>& values)
      : Memory(name, values.size() * sizeof(T), sizeof(T), true), size_(values.size()) {
    for (size_t k = 0; k < size_; k++) data()[k] = values[k];
  }
  // Nobody has written it yet; the host finds `fill` where no kernel does.
  Array(const char* name, size_t size, T fill) : Memory(name, size * sizeof(T), sizeof(T), false), size_(size) {
    for (size_t k = 0; k < size_; k++) data()[k] = fill;
  }
  T* data() { return reinterpret_cast<T*>(data_); }
  std::vector<T> values() { return {data(), data() + size_}; }

 private:
  size_t size_;
};

// Tells where an `extern __shared__` array is. It needs a definition, of the most that a launch may ask for, outside the kernels' source.
struct Shared {
  Shared(void* data, size_t capacity);
};

}  // namespace emulator
