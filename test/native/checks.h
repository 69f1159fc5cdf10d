// What is compared with the CPU kernels.
#pragma once
#include "case.h"

namespace torsor::test {

// Any program: a policy step at the first step of the case, everything else through the steps of its sequence.
void check_calls(Case&, Random&);
// Kernels of training that know no program. The sums of reduce.h are templates: the parity tests run those.
void check_elements(Random&);
void check_sampling(Random&);

// A launch whose threads share the elements, now and then several each. Its size of a block and its order of threads are not those of the
// launch before.
emulator::Launch launch_each(const char* kernel, int64_t elements);

}  // namespace torsor::test
