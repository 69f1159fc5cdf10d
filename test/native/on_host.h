// The CUDA kernels as functions of the host; see cuda_on_host.cc.
#pragma once
#include "program/instruction.h"

namespace torsor::on_host {

// `rows` rows, tile by tile, with tiles of tile_rows, or of small_rows if `small`. `columns` has room for columns_and_scratch() floats.
inline int64_t columns_and_scratch(const Program& p) {
  return (int64_t(p.columns) + 2 * int64_t(p.cells)) * tile_rows + 2 * p.shared;
}
void act(const Program&, const StepIO&, int rows, bool small, float* columns);
void evaluate(const Program&, const EvaluateIO&, int rows, bool small, float* columns);
void gradient(const Program&, const GradientIO&, int rows, bool small, float* columns, float* accumulators);
// Few rows through the steps of a sequence, several steps in a tile; `memory` as the CPU kernels' workspace.
void gradient_of_sequence(const Program&, const GradientIO&, int rows, float* memory, float* accumulators);

}  // namespace torsor::on_host
