// What a model has measured, as JavaScript reads it.
#pragma once
#include <vector>

#include "device/choices.h"
#include "napi/convert.h"

namespace torsor {

// [{ purpose, rows, steps, microseconds: { way: number }, taken: way }]
Napi::Value to_javascript(Napi::Env, const std::vector<Choice>&);

}  // namespace torsor
