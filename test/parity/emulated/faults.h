// What goes wrong on the emulated machine, and what tests see of what it does.
//
// TORSOR_EMULATED_FAULT, counted from when it was set:
//   `allocation N`: the Nth allocation of device memory and all after it fail
//   `launch N`:     the Nth launch of a kernel is refused
//   `lost N`:       the Nth kernel runs astray, after which its GPU answers nothing any more
// TORSOR_EMULATED_TIMES, as `3 3 3 1`: the milliseconds that the clock shows when it is read, in turn from when it was set, then the last of them
// again and again; 1 where there are none.
// TORSOR_EMULATED_EVENTS names a file that receives a word for everything a stream is asked to do, a line each: `kernel`, `copy` (between device
// and process, with where the process has it: `direct`, registered memory, `staged`, memory of cudaMallocHost, or `pageable`), `library` (a kernel of cuBLASLt), `move` (within the
// device), `clear`, `synchronise`, `capture`, `graph`, `instantiate`, `event`, `sleep`, `order` (the host, or another stream, waits for an
// event); and `pin`, `unpin`, `unknown`, memory let go of that was not locked; `start N`, the first use of the GPU N.
#pragma once
#include <cuda_runtime.h>

#include <string>

constexpr int most_gpus = 8;

namespace faults {

bool of_this_allocation();
float elapsed_time();
// What a launch returns, if it is not to run.
enum class Launch { runs, refused, astray };
Launch of_this_launch();

// Once a GPU is lost, what everything on it returns.
cudaError_t lost(int gpu);
void lose(int gpu, cudaError_t);

void event(const std::string& word);

}  // namespace faults
