// Libraries of others that are opened at run time: nothing is linked to them, and where one is missing our own kernels run.
#pragma once
#include <string>
#include <vector>

namespace torsor {

// What is looked for: the file that a variable of the environment names, or else a file of one of these names that the linker knows, or that lies
// in one of these folders, or where pip puts it.
struct Wanted {
  const char *name, *variable;
  std::vector<std::string> files, folders;
  std::vector<std::string> pip;  // folders below site-packages/nvidia/
  const char* help;
};

// Null: `problem` says why, as in device_status.
void* open_library(const Wanted&, std::string& problem);

// A file alone; null: why_not() says why.
void* open_file(const std::string& file);
std::string why_not();

// Where an open library lies; empty: why_not() says why.
std::string file_of(void* library);

// As the versions of these libraries are written: 92400 is 9.24.0, 130101 is 13.1.1; of four digits, 8907 is 8.9.7.
std::string version_of(size_t number);

}  // namespace torsor
