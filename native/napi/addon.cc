// What the addon exports; lib/addon has the types.
#include <algorithm>

#include "device/kernels.h"
#include "device/launch.h"
#include "device/status.h"
#include "napi/buffer.h"
#include "napi/environment.h"
#include "napi/instance.h"
#include "napi/pin.h"
#include "napi/step.h"
#include "napi/timer.h"
#include "napi/trainer.h"
#include "ops/list.h"

namespace torsor {

void init_mathematics(Napi::Env, Napi::Object exports);
Napi::Value draw_segments(const Napi::CallbackInfo&);

template <class Names> static Napi::Array list(Napi::Env env, const Names& names) {
  const Napi::Array array = Napi::Array::New(env);
  for (const auto& name : names) array.Set(array.Length(), name);
  return array;
}

// A Runge-Kutta method with its numbers.
static Napi::Object solver_to_javascript(Napi::Env env, int index) {
  using namespace scalar;
  std::vector<double> numbers(size_t(tableau_of<double>(index, nullptr).size()));
  write_tableau(index, numbers.data());
  const Tableau<double> t = tableau_of<double>(index, numbers.data());
  const Napi::Object o = Napi::Object::New(env);
  o.Set("name", Solvers::names[index]);
  o.Set("order", t.order);
  o.Set("lastIsFirst", t.last_is_first);
  o.Set("estimatesError", t.estimates_error);
  o.Set("stages", t.stages);
  o.Set("numbers", list(env, numbers));
  return o;
}

static Napi::Object vocabulary(Napi::Env env) {
  const Napi::Object v = Napi::Object::New(env);
  v.Set("ops", list(env, operation_names()));
  v.Set("heads", list(env, head_names()));
  v.Set("activations", list(env, scalar::Activations::names));
  v.Set("bijectors", list(env, scalar::Bijectors::names));
  const Napi::Array solvers = Napi::Array::New(env);
  for (int k = 0; k < scalar::Solvers::size; k++) solvers.Set(uint32_t(k), solver_to_javascript(env, k));
  v.Set("solvers", solvers);
  const Napi::Array infos = Napi::Array::New(env);
  for (const EnvironmentInfo& e : environments()) infos.Set(infos.Length(), to_javascript(env, e));
  v.Set("environments", infos);
  return v;
}

static Napi::Value memory(const Napi::CallbackInfo& info) {
  const MemoryUse use = memory_use(processor_of(info));
  const Napi::Object o = Napi::Object::New(info.Env());
  o.Set("buffers", double(use.buffers));
  o.Set("bytes", double(use.bytes));
  o.Set("reserved", double(use.reserved));
  o.Set("limit", info.Env().Null());
  if (use.limit < no_memory_limit) o.Set("limit", double(use.limit));
  return o;
}

static void set_limit(const Napi::CallbackInfo& info) {
  guarded(info.Env(), processor_of(info), [&] {
    set_memory_limit(processor_of(info),
                     absent(info[0]) ? no_memory_limit : integer(info[0], "bytes", 0, int64_t(1) << 52));
  });
}

static Napi::Value status(const Napi::CallbackInfo& info) {
  return converted(info.Env(), [&]() -> Napi::Value {
    const DeviceStatus& s = device_status();
    const Napi::Object o = Napi::Object::New(info.Env());
    o.Set("problem", s.problem);
    o.Set("driver", s.driver);
    o.Set("runtime", s.runtime);
    const Napi::Array processors = Napi::Array::New(info.Env());
    for (const Processor& p : s.processors) {
      const Napi::Object processor = Napi::Object::New(info.Env());
      processor.Set("problem", p.problem);
      try {
        require_device(int(processors.Length()));
      } catch (const Error& lost) { processor.Set("problem", lost.what()); }
      processor.Set("name", p.name);
      processor.Set("memory", double(p.bytes));
      processor.Set("computeCapability", p.compute_capability);
      processors.Set(processors.Length(), processor);
    }
    o.Set("processors", processors);
    return o;
  });
}

template <const Library& (*Which)()> static Napi::Value library_status(const Napi::CallbackInfo& info) {
  return converted(info.Env(), [&]() -> Napi::Value {
    const Library& library = Which();
    const Napi::Object o = Napi::Object::New(info.Env());
    o.Set("problem", library.problem);
    o.Set("version", library.version);
    return o;
  });
}

template <std::string (*Which)()> static Napi::Value start_library(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), processor_of(info),
                 [&]() -> Napi::Value { return Napi::String::New(info.Env(), Which()); });
}

// All that computes on one processor.
static Napi::Object exports_for(Napi::Env env, int processor) {
  const Napi::Object exports = Napi::Object::New(env);
  const auto function = [&](const char* name, auto run) {
    exports.Set(name, Napi::Function::New(env, run, name, data_for(processor)));
  };
  exports.Set("device", device_name);
  exports.Set("simd", kernels().name);
  exports.Set("vocabulary", vocabulary(env));
  function("threads", [](const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), threads()); });
  function("setThreads", [](const Napi::CallbackInfo& info) {
    converted(info.Env(), [&] { set_threads(int(integer(info[0], "threads", 1, 1024))); });
  });
  function("startLstmLibrary", start_library<start_lstm_library>);
  function("startProductLibrary", start_library<start_product_library>);
  function("memory", memory);
  function("setMemoryLimit", set_limit);
  function("scratch", [](const Napi::CallbackInfo& info) {
    return guarded(info.Env(), processor_of(info),
                   [&] { return Napi::Number::New(info.Env(), double(workspace_bytes())); });
  });
  BufferWrap::init(env, exports, processor);
  PinWrap::init(env, exports, processor);
  ModelWrap::init(env, exports, processor);
  EnvironmentWrap::init(env, exports, processor);
  RolloutWrap::init(env, exports, processor);
  OptimizerWrap::init(env, exports, processor);
  TrainerWrap::init(env, exports, processor);
  TimerWrap::init(env, exports, processor);
  function("drawSegments", draw_segments);
  init_mathematics(env, exports);
  return exports;
}

static Napi::Value start(const Napi::CallbackInfo& info) {
  return converted(info.Env(), [&]() -> Napi::Value {
    const int64_t count = std::max<int64_t>(1, int64_t(device_status().processors.size()));
    const int processor = int(integer(info[0], "processor", 0, count - 1));
    const std::string problem = start_processor(processor);
    if (!problem.empty()) throw Error("DEVICE_UNAVAILABLE", problem);
    return exports_for(info.Env(), processor);
  });
}

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Instance);
  StepWrap::init(env);
  exports.Set("device", device_name);
  exports.Set("status", Napi::Function::New(env, status));
  exports.Set("lstmLibrary", Napi::Function::New(env, library_status<lstm_library>));
  exports.Set("productLibrary", Napi::Function::New(env, library_status<product_library>));
  exports.Set("start", Napi::Function::New(env, start));
  return exports;
}

}  // namespace torsor

static Napi::Object init_addon(Napi::Env env, Napi::Object exports) { return torsor::init(env, exports); }
NODE_API_MODULE(torsor, init_addon)
