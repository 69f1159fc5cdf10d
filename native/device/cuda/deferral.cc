// See deferral.h.
#include "device/cuda/deferral.h"

#include "device/cuda/pool.h"

namespace torsor {

static thread_local Deferral* current_deferral = nullptr;

Deferral::Deferral() { current_deferral = this; }

Deferral::~Deferral() {
  current_deferral = nullptr;
  for (auto& [bytes, blocks] : waiting_)
    for (void* block : blocks) scratch_pool().give(block, bytes);
}

Deferral* Deferral::current() { return current_deferral; }

void* Deferral::take(int64_t bytes) {
  std::vector<void*>& blocks = waiting_[bytes];
  if (blocks.empty()) return scratch_pool().take(bytes);
  void* const block = blocks.back();
  blocks.pop_back();
  return block;
}

}  // namespace torsor
