// Source lines of addresses in the code; see source_line.h.
#include "emulator/source_line.h"

#include <dlfcn.h>
#include <cstdio>

namespace emulator {

// Enough to get from the formula through Tile::spread to the op.
constexpr int lines = 4;

std::string source_line(const void* return_address) {
  Dl_info program;
  if (!return_address || !dladdr(return_address, &program)) return "";
  // The call ends before its return address. Programs here may lie anywhere in memory: addr2line wants the distance from their start.
  const size_t offset =
      size_t(static_cast<const char*>(return_address) - static_cast<const char*>(program.dli_fbase)) - 1;
  char command[4096];
  std::snprintf(command, sizeof command, "addr2line -s -i -e '%s' 0x%zx 2>/dev/null", program.dli_fname, offset);
  FILE* output = popen(command, "r");
  if (!output) return "";
  std::string text;
  char line[1024];
  for (int k = 0; k < lines && std::fgets(line, sizeof line, output); k++) {
    std::string at = line;
    at = at.substr(0, at.find_first_of(" \n"));
    if (at.empty() || at[0] == '?') break;
    text += (k == 0 ? " at " : ", in ") + at;
  }
  pclose(output);
  return text;
}

}  // namespace emulator
