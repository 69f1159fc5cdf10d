// The fastest of several ways to run a call, measured on the GPU at the first call of its size.
#pragma once
#include <functional>
#include <vector>

#include "device/choices.h"
#include "device/cuda/call.h"
#include "math/adam.h"

namespace torsor {

// Puts the kernels of a call on the stream of this thread; what they need of scratch memory is that of the Call.
struct Way {
  const char* name;
  std::function<void(Call&)> run;
};

struct CallShape {
  const char* name;
  int rows, steps;
  const UpdateGate* gate = nullptr;  // once it says stop, some ways compute nothing
  // What a run changes where it lies, in the memory of the GPU: measuring leaves it as it was. Null: nothing.
  float* changed = nullptr;
  int64_t changed_floats = 0;
};

// Runs one of `ways`, which can all be repeated and give the same results to rounding: the fastest. Where nothing is to be measured (`choices` is
// null) or can be (in a capture, or behind a closed gate) and nothing has been, the first.
void run_fastest(Call&, Choices* choices, const CallShape&, const std::vector<Way>& ways);

}  // namespace torsor
