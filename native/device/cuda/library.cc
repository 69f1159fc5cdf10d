// See library.h.
#include "device/cuda/library.h"

#include <dlfcn.h>
#include <glob.h>
#include <link.h>

#include <cstdlib>
#include <sstream>

namespace torsor {

void* open_file(const std::string& file) { return dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); }

std::string why_not() {
  const char* const error = dlerror();
  return error ? error : "unknown error";
}

// pip puts it beside the Python of every folder on PATH, be it a system's or that of a virtual environment.
static std::vector<std::string> files_of_pip(const std::string& name) {
  std::vector<std::string> files;
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    glob_t found{};
    const std::string pattern = folder + "/../lib/python3*/*-packages/nvidia/" + name;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
      for (size_t k = 0; k < found.gl_pathc; k++) files.push_back(found.gl_pathv[k]);
    globfree(&found);
  }
  return files;
}

void* open_library(const Wanted& w, std::string& problem) {
  if (const char* const given = std::getenv(w.variable)) {
    void* const library = open_file(given);
    if (!library) problem = std::string(w.variable) + " could not be opened (" + why_not() + "); correct or unset it";
    return library;
  }
  std::string reason;
  for (const std::string& file : w.files) {
    if (void* const library = open_file(file)) return library;
    if (reason.empty()) reason = why_not();
  }
  for (const std::string& file : w.files) {
    for (const std::string& folder : w.folders)
      if (void* const library = open_file(folder + "/" + file)) return library;
    for (const std::string& folder : w.pip)
      for (const std::string& found : files_of_pip(folder + "/lib/" + file))
        if (void* const library = open_file(found)) return library;
  }
  problem = std::string(w.name) + " was found neither by the linker (" + reason +
            ") nor in the site-packages of a Python on PATH; " + w.help + ", or set " + w.variable +
            " to the path of " + w.files[0];
  return nullptr;
}

std::string file_of(void* library) {
  link_map* map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map->l_name : "";
}

std::string version_of(size_t number) {
  const size_t unit = number >= 10000 ? 10000 : 1000, rest = number % unit;
  return std::to_string(number / unit) + "." + std::to_string(rest / 100) + "." + std::to_string(rest % 100);
}

}  // namespace torsor
