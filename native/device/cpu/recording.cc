// Calls of the CPU are done when they return.
#include "device/recording.h"

namespace torsor {

const bool calls_are_deferred = false;

void run_together_items(void (*enqueue)(void* context), void* context) { enqueue(context); }

struct Recording::Kept {};
Recording::Recording() = default;
Recording::~Recording() = default;
void Recording::run_items(void (*enqueue)(void* context), void* context) { enqueue(context); }

}  // namespace torsor
