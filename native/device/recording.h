// Kernel calls that follow each other without waiting. On the CPU a call is done when it returns, so nothing of this costs anything there.
#pragma once
#include <memory>

namespace torsor {

// Whether calls of the kernel tables inside the functions below may return before they are done: then nobody looks at their results until
// the function has returned, and every array they use outlives it.
extern const bool calls_are_deferred;

// Calls enqueue(context) and returns when all its kernel calls are done.
void run_together_items(void (*enqueue)(void* context), void* context);

template <class F> void run_together(F&& f) {
  run_together_items([](void* context) { (*static_cast<F*>(context))(); }, &f);
}

// The same, for calls that are made again and again with other numbers: the device may keep them as one.
class Recording {
 public:
  Recording();
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // May call f twice, so f changes nothing of the host's but what it sets first.
  template <class F> void run(F&& f) {
    run_items([](void* context) { (*static_cast<F*>(context))(); }, &f);
  }

 private:
  void run_items(void (*enqueue)(void* context), void* context);

  struct Kept;
  std::unique_ptr<Kept> kept_;
};

}  // namespace torsor
