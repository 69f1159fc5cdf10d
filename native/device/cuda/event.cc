// See event.h.
#include "device/cuda/event.h"

#include "device/cuda/runtime.h"

namespace torsor {

Event::Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming | cudaEventBlockingSync), "an event"); }

Event::~Event() { cudaEventDestroy(event_); }

void Event::record() { check(cudaEventRecord(event_, cudaStreamPerThread), "recording an event"); }

void Event::sleep(const char* what) { check(cudaEventSynchronize(event_), what); }

void Event::precede() { check(cudaStreamWaitEvent(cudaStreamPerThread, event_, 0), "waiting for another stream"); }

}  // namespace torsor
