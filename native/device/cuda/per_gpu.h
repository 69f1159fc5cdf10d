// One T for every GPU, made from its number. Never destroyed: at the end of the process buffers may still be alive, and CUDA may be gone already.
#pragma once
#include <deque>

#include "device/processor.h"
#include "device/status.h"

namespace torsor {

template <class T> class PerGpu {
 public:
  PerGpu() {
    for (size_t k = 0; k < device_status().processors.size(); k++) all_.emplace_back(int(k));
  }
  T& of(int gpu) { return all_[size_t(gpu)]; }
  T& current() { return of(current_processor()); }

 private:
  std::deque<T>& all_ = *new std::deque<T>;
};

}  // namespace torsor
