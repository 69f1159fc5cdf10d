// What one loaded addon keeps per JavaScript environment (the main thread, every worker): nothing here is shared between threads.
#pragma once
#include <napi.h>

#include <map>

namespace torsor {

struct Instance {
  std::map<int, Napi::FunctionReference> optimizer;  // of every processor that was asked for
  Napi::FunctionReference step;
};

inline Instance& instance(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

}  // namespace torsor
