// See deferral.h.
#include "device/cuda/deferral.h"

#include "device/cuda/pool.h"

namespace torsor {

static thread_local Deferral* current_deferral = nullptr;

Deferral::Deferral(bool recorded) : recorded_(recorded) { current_deferral = this; }

Deferral::~Deferral() {
  current_deferral = nullptr;
  for (auto& [bytes, blocks] : waiting_)
    for (void* block : blocks) gpu_memory().scratch.give(block, bytes);
}

Deferral* Deferral::current() { return current_deferral; }

void* Deferral::take(int64_t bytes) {
  std::vector<void*>& blocks = waiting_[bytes];
  if (blocks.empty()) return gpu_memory().scratch.take(bytes);
  void* const block = blocks.back();
  blocks.pop_back();
  return block;
}

}  // namespace torsor
