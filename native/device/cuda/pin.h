// What a call and the end of a pin have to agree on.
#pragma once
#include <shared_mutex>

namespace torsor {

// Held shared by calls that let CUDA copy from or to pinned memory by itself, and alone by whoever lets go of some.
std::shared_mutex& copies_of_pinned_memory();

}  // namespace torsor
