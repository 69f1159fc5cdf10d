// What is compared with the CPU kernels.
#pragma once
#include "case.h"

namespace torsor::test {

// Any program: a policy step at the first step of the case, everything else through the steps of its sequence.
void check_calls(Case&, Random&);
// Kernels that know no program: adam, advantage, permute, squares, scale, multiply.
void check_elements(Random&);

// A launch whose threads share the elements, now and then several each. Its size of a block and its order of threads are not those of the
// launch before.
emulator::Launch launch_each(const char* kernel, int64_t elements);

}  // namespace torsor::test
