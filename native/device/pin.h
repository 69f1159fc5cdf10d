// Memory of the process that stays where it is as long as this lives, so that the device copies from it and to it by itself. On the CPU there is
// nothing to copy, and nothing happens.
#pragma once
#include <cstdint>

namespace torsor {

// The same memory may be pinned several times. It must not be freed before.
class Pin {
 public:
  // Throws Error.
  Pin(void* data, int64_t bytes);
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

 private:
  void* data_;
};

}  // namespace torsor
