// Which way rows go through a program: by tiles, or by layers (layers.h); as the model wants it, or the faster of what can be.
#pragma once
#include <functional>

#include "device/cuda/fastest.h"
#include "program/instruction.h"

namespace torsor {

// Layers multiply matrices by our own kernel, or by cuBLASLt.
enum class Path { tiles, layers, cublas };

// Runs a call of single steps.
void run_rows(Call&, const Program&, const CallShape&, const std::function<void(Call&, Path)>&);

// Runs a call of sequences whose LSTM cuDNN can take: with that and the rows around it by a path, or all of it by tiles.
void run_sequences(Call&, const Program&, const CallShape&, const std::function<void(Call&, Path)>& by_cudnn,
                   const std::function<void(Call&)>& tiles);

}  // namespace torsor
