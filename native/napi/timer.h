// class Timer of the addon: whether a time is over, as a boolean. Clocks of JavaScript answer with a number, which is an object on its heap.
#pragma once
#include <chrono>

#include "napi/wrap.h"

namespace torsor {

class TimerWrap : public Wrap<TimerWrap> {
 public:
  static void init(Napi::Env env, Napi::Object exports, int processor) {
    exports.Set("Timer", define(env, "Timer", processor,
                                {InstanceMethod("restart", &TimerWrap::restart),
                                 InstanceAccessor("over", &TimerWrap::over, nullptr)}));
  }

  explicit TimerWrap(const Napi::CallbackInfo& info) : Wrap(info) {
    converted(info.Env(), [&] { length_ = std::chrono::milliseconds(integer(info[0], "milliseconds", 0, INT32_MAX)); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  void restart(const Napi::CallbackInfo&) { begin_ = Clock::now(); }
  Napi::Value over(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), Clock::now() - begin_ >= length_);
  }

  Clock::duration length_{};
  Clock::time_point begin_ = Clock::now();
};

}  // namespace torsor
