// What one loaded addon keeps per JavaScript environment (the main thread, every worker): nothing here is shared between threads.
#pragma once
#include <napi.h>

namespace torsor {

struct Instance {
  Napi::FunctionReference step, optimizer;
};

inline Instance& instance(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

}  // namespace torsor
