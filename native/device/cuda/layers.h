// A batch through a program by layers: an instruction goes over all rows before the next begins, with columns of the whole batch in global memory. So
// products are those of large matrices, which a library forms, and a tile too wide for shared memory is none. Kernels between the products take the
// instructions there together.
//
// Bias and activation are such a kernel, not cuBLASLt's epilogue: that adds a bias to each row of its column-major result, and ours belongs to
// a column; and of our activations it has two, while training keeps a derivative that it does not give.
#pragma once
#include <functional>

#include "device/cuda/fastest.h"
#include "program/instruction.h"

namespace torsor {

enum class Products { kernel, cublas };

// Each puts a call for rows first ... first + rows - 1 on the stream, of arrays that kernels may read and programs that `by_layers` says yes to.
void act_by_layers(Call&, const Program&, const StepIO&, int first, int rows, Products);
void forward_by_layers(Call&, const Program&, const ForwardIO&, int first, int rows, Products);
void evaluate_by_layers(Call&, const Program&, const EvaluateIO&, int first, int rows, Products);
void gradient_by_layers(Call&, const Program&, const GradientIO&, int first, int rows, float* accumulators, Products);

// Runs a call by tiles or by layers: as the model wants it, or the faster of what can be.
void run_tiles_or_layers(Call&, const Program&, const CallShape&, const std::function<void(Call&)>& tiles,
                         const std::function<void(Call&, Products)>& layers);

}  // namespace torsor
