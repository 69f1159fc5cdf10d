// Arrays of a call on either side, and how far what it leaves there is apart.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include "device/kernels.h"
#include "emulator/emulator.h"

namespace torsor::baseline {
extern const Kernels kernel_table;
}

namespace torsor::test {

using Floats = std::vector<float>;
using Flags = std::vector<uint8_t>;
using Places = std::vector<int32_t>;

inline const Kernels& cpu = baseline::kernel_table;

// What outputs hold beforehand: neither side may leave it where the other writes.
constexpr float unwritten = -77;

// What a call has left in an output array.
struct Result {
  const char* name;
  Floats values;
};
using Results = std::vector<Result>;

// The arrays of a call: in the memory of the emulated device, or on the host.
class Arrays {
 public:
  explicit Arrays(bool device) : device_(device) {}
  bool device() const { return device_; }

  template <class T> const T* input(const char* name, const std::vector<T>& values) {
    return device_ ? copy(name, values) : values.data();
  }
  // Arrays that the call writes, and one that it reads and writes: what they hold afterwards is a result.
  float* output(const char* name, size_t count) { return result(name, fresh(name, count, unwritten), count); }
  int32_t* output_places(const char* name, size_t count) {
    return result(name, fresh(name, count, int32_t(unwritten)), count);
  }
  double* output_doubles(const char* name, size_t count) {
    return result(name, fresh(name, count, double(unwritten)), count);
  }
  uint8_t* output_flags(const char* name, size_t count) { return result(name, fresh(name, count, uint8_t(2)), count); }
  template <class T> T* in_place(const char* name, const std::vector<T>& values) {
    return result(name, copy(name, values), values.size());
  }
  // Read and written too, and no result.
  template <class T> T* changed(const char* name, const std::vector<T>& values) { return copy(name, values); }
  // Arrays of the call's own.
  template <class T = float> T* scratch(const char* name, size_t count) { return fresh(name, count, T(unwritten)); }
  float* zeros(const char* name, size_t count) { return copy(name, Floats(count)); }

  Results results() const {
    Results all;
    for (const auto& result : results_) all.push_back(result());
    return all;
  }

 private:
  template <class A> auto* owned(std::shared_ptr<A> array) {
    arrays_.push_back(array);
    return array->data();
  }
  template <class T> T* copy(const char* name, const std::vector<T>& values) {
    if (device_) return owned(std::make_shared<emulator::Array<T>>(name, values));
    return owned(std::make_shared<std::vector<T>>(values));
  }
  template <class T> T* fresh(const char* name, size_t count, T fill) {
    if (device_) return owned(std::make_shared<emulator::Array<T>>(name, count, fill));
    return owned(std::make_shared<std::vector<T>>(count, fill));
  }
  template <class T> T* result(const char* name, T* data, size_t count) {
    results_.push_back([=] { return Result{name, Floats(data, data + count)}; });
    return data;
  }

  bool device_;
  std::vector<std::shared_ptr<void>> arrays_;
  std::vector<std::function<Result()>> results_;
};

// Both print a line about what `name` is, and remember failures and the largest difference. An infinity agrees with itself, a NaN with nothing.
void compare(const std::string& name, const char* kernel, const Results& cpu, const Results& cuda);
// Every bit the same: what must not depend on the size of a block, or on the order of its threads.
void same(const std::string& name, const char* kernel, const Results& one, const Results& other);

// call(device) makes the call on either side and returns its results; on the device it is made twice.
template <class Call> void check(const std::string& name, const char* kernel, Call call) {
  const Results expected = call(false), first = call(true);
  compare(name, kernel, expected, first);
  same(name, kernel, first, call(true));
}

// A failure that is no difference.
void complain(const std::string& sentence);

// Prints what was compared and returns the exit status.
int summary();

}  // namespace torsor::test
