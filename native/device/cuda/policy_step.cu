// The policy step on CUDA: one kernel, one block per tile, the columns in shared memory, the same ops and formulas as the CPU.
#include "device/cuda/scratch.h"
#include "program/run.h"

namespace torsor::TORSOR_ISA {

// Two blocks per multiprocessor at least: with the number of threads alone, ptxas took 80 registers for sm_90 and spilled.
constexpr int threads = 256, blocks = 2;

template <int Rows>
__global__ void __launch_bounds__(threads, blocks)
    policy_step(const __grid_constant__ Program program, const __grid_constant__ StepIO io, int rows, float* scratch) {
  extern __shared__ __align__(16) float columns[];  // [program.columns][Rows]
  const int first = blockIdx.x * Rows;
  run_act(Tile<Rows>{columns, first, min(Rows, rows - first), nullptr}, program, io,
          scratch_of_block<Rows>(program, scratch));
}

// nvcc wants the qualifier repeated here.
template __global__ void policy_step<tile_rows>(const __grid_constant__ Program, const __grid_constant__ StepIO, int,
                                                float*);
template __global__ void policy_step<small_rows>(const __grid_constant__ Program, const __grid_constant__ StepIO, int,
                                                 float*);

}  // namespace torsor::TORSOR_ISA
