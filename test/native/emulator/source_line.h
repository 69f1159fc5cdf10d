// From an address in the code to " at file:line, in file:line": where it was inlined too. Empty where binutils' addr2line is missing.
#pragma once
#include <string>

namespace emulator {

std::string source_line(const void* return_address);

}
