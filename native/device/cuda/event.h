// A point in the work of a stream: to sleep until it is reached, or to have another stream wait for it without the host.
#pragma once
#include <cuda_runtime.h>

namespace torsor {

// Of the current GPU, which is current too wherever it is used. Not within a capture, which would keep the event for itself.
class Event {
 public:
  // Throws Error.
  Event();
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Behind what the calling thread has launched.
  void record();
  // As synchronise, but the thread sleeps instead of watching: it wakes some microseconds later, and leaves its core to others until then.
  void sleep(const char* what);
  // What the calling thread launches from here on comes after it.
  void precede();

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace torsor
