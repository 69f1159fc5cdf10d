// Whether a library may run a program's LSTM over whole sequences.
#pragma once
#include "program/columns.h"

namespace torsor {

// The step that is the only LSTM, where nothing else is carried or reads what is carried, and nothing reads c: then all inputs of a sequence are
// known before the first step is taken. -1: there is none, or the trace asks for our own kernels. `results` and `next` as in Layout::assign.
// Throws UNSUPPORTED where the trace wants the library and the program does not let it.
int lone_lstm(const std::vector<Step>&, const Trace&, const std::vector<int>& results, const std::vector<int>& next);

}  // namespace torsor
