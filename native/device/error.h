// The error native code throws; napi/convert.cc makes a JavaScript error with the same code of it.
#pragma once
#include <stdexcept>
#include <string>

namespace torsor {

struct Error : std::runtime_error {
  const char* code;  // a string constant: one of lib/core/errors.ts
  Error(const char* code_, const std::string& message) : std::runtime_error(message), code(code_) {}
};

}  // namespace torsor
