// A trace as instructions that still name values, and whether it makes sense.
#pragma once
#include <string>
#include <vector>

#include "program/columns.h"

namespace torsor {

// Throws Error.
[[noreturn]] void malformed(const std::string& what);

// Checks every operation, its inputs and parameters, the states, and what head and value estimate read.
std::vector<Step> steps_of(const Trace&);

}  // namespace torsor
