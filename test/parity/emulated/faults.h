// What goes wrong on the emulated machine, and what tests see of what it does.
//
// TORSOR_EMULATED_FAULT, counted from when it was set:
//   `allocation N`: the Nth allocation of device memory and all after it fail
//   `launch N`:     the Nth launch of a kernel is refused
//   `lost N`:       the Nth kernel runs astray, after which the device answers nothing any more
// TORSOR_EMULATED_EVENTS names a file that receives a word for everything a stream is asked to do, a line each: `kernel`, `copy` (between device
// and process, with where the process has it: `direct`, registered memory, `staged`, memory of cudaMallocHost, or `pageable`), `move` (within the
// device), `clear`, `synchronise`, `capture`, `graph`, `instantiate`; and `pin`, `unpin`, `unknown`, memory let go of that was not locked.
#pragma once
#include <cuda_runtime.h>

namespace faults {

bool of_this_allocation();
// What a launch returns, if it is not to run.
enum class Launch { runs, refused, astray };
Launch of_this_launch();

// Once the device is lost, what everything returns.
cudaError_t lost();
void lose(cudaError_t);

void event(const char* word);

}  // namespace faults
