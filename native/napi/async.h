// Work off the JavaScript thread, with a promise for its result. Objects given to keep() stay alive until it has ended.
#pragma once
#include "napi/convert.h"

namespace torsor {

// Run: () -> Result, on a worker thread, for the processor that is current now. Give: (Napi::Env, Result) -> Napi::Value, back on the JavaScript thread.
template <class Result, class Run, class Give> class Work : public Napi::AsyncWorker {
 public:
  Work(Napi::Env env, Run run, Give give)
      : AsyncWorker(env, "torsor"),
        processor_(current_processor()),
        run_(std::move(run)),
        give_(std::move(give)),
        promise_(Napi::Promise::Deferred::New(env)) {}

  void keep(const Napi::Value& value) { kept_.push_back(Napi::Persistent(value.As<Napi::Object>())); }
  Napi::Promise promise() const { return promise_.Promise(); }

 protected:
  void Execute() override {
    try {
      const OnProcessor on(processor_);
      result_ = run_();
    } catch (const Error& e) {
      code_ = e.code;
      SetError(e.what());
    } catch (const std::exception& e) {
      code_ = "NATIVE";
      SetError(e.what());
    }
  }
  void OnOK() override { promise_.Resolve(give_(Env(), result_)); }
  void OnError(const Napi::Error& e) override {
    promise_.Reject(to_javascript(Env(), Error(code_, e.Message())).Value());
  }

 private:
  const int processor_;
  Run run_;
  Give give_;
  Napi::Promise::Deferred promise_;
  std::vector<Napi::ObjectReference> kept_;
  Result result_{};
  const char* code_ = "NATIVE";
};

template <class Run, class Give>
Napi::Value run_async(Napi::Env env, std::initializer_list<Napi::Value> keep, Run run, Give give) {
  auto* work = new Work<decltype(run()), Run, Give>(env, std::move(run), std::move(give));
  for (const Napi::Value& value : keep) work->keep(value);
  const Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

}  // namespace torsor
