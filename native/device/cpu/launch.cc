// A pool of threads that wait spinning for a moment before they sleep: the calls of a training step follow each other closely.
#include "device/launch.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "device/error.h"

namespace torsor {

static void pause_briefly() {
#ifdef __x86_64__
  __builtin_ia32_pause();
#endif
}

class Pool {
 public:
  ~Pool() { resize(1); }

  int size() {
    const int asked = wanted_.load(std::memory_order_relaxed);
    return asked > 0 ? asked : available();
  }

  void set_size(int count) {
    std::lock_guard<std::mutex> call(busy_);
    wanted_ = count;
  }

  void run(int count, void (*run)(void*, int), void* context) {
    const int share = std::min(size(), count);
    std::unique_lock<std::mutex> call(busy_, std::try_to_lock);
    if (share <= 1 || !call.owns_lock()) {
      for (int item = 0; item < count; item++) run(context, item);
      return;
    }
    if (int(workers_.size()) != size() - 1) resize(size());
    run_ = run;
    context_ = context;
    count_ = count;
    shares_ = share;
    pending_.store(int(workers_.size()), std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(sleep_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    work(0);
    while (pending_.load(std::memory_order_acquire)) pause_briefly();
  }

 private:
  static int available() {
    static const int cores = [] {
      cpu_set_t set;
      return sched_getaffinity(0, sizeof set, &set) ? 1 : std::max(1, CPU_COUNT(&set));
    }();
    return cores;
  }

  void work(int worker) {
    if (worker >= shares_) return;
    const int first = int(int64_t(count_) * worker / shares_), end = int(int64_t(count_) * (worker + 1) / shares_);
    for (int item = first; item < end; item++) run_(context_, item);
  }

  void loop(int worker, uint64_t seen) {
    for (;;) {
      using Clock = std::chrono::steady_clock;
      const auto patience = Clock::now() + std::chrono::microseconds(50);
      while (generation_.load(std::memory_order_acquire) == seen && Clock::now() < patience) pause_briefly();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(sleep_);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
      }
      seen++;
      if (stop_.load(std::memory_order_acquire)) return;
      work(worker);
      pending_.fetch_sub(1, std::memory_order_release);
    }
  }

  void resize(int count) {
    stop_ = true;
    {
      std::lock_guard<std::mutex> lock(sleep_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
    workers_.clear();
    stop_ = false;
    for (int k = 1; k < count; k++) workers_.emplace_back(&Pool::loop, this, k, generation_.load());
  }

  std::mutex busy_, sleep_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> pending_{0}, wanted_{0};
  std::atomic<bool> stop_{false};
  void (*run_)(void*, int) = nullptr;
  void* context_ = nullptr;
  int count_ = 0, shares_ = 0;
};

// Never destroyed: at the end of the process threads may still be inside, and the system takes care of them.
static Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

int threads() { return pool().size(); }
void set_threads(int count) { pool().set_size(count); }
void parallel_items(int count, void (*run)(void*, int), void* context) { pool().run(count, run, context); }

static std::atomic<int64_t> scratch_bytes{0};

// A thread keeps its scratch for the next call, until it ends.
class Scratch {
 public:
  ~Scratch() { release(); }

  float* at_least(int64_t floats) {
    if (bytes_ >= floats * int64_t(sizeof(float))) return memory_;
    release();
    const int64_t bytes = (floats * int64_t(sizeof(float)) + 63) & ~int64_t(63);
    memory_ = static_cast<float*>(std::aligned_alloc(64, size_t(bytes)));
    if (!memory_) throw Error("OUT_OF_MEMORY", "no memory for a workspace of " + std::to_string(bytes) + " bytes");
    bytes_ = bytes;
    scratch_bytes += bytes;
    return memory_;
  }

 private:
  void release() {
    std::free(memory_);
    scratch_bytes -= bytes_;
    memory_ = nullptr;
    bytes_ = 0;
  }

  float* memory_ = nullptr;
  int64_t bytes_ = 0;
};

float* workspace(int64_t floats) {
  thread_local Scratch scratch;
  return scratch.at_least(floats);
}

int64_t workspace_bytes() { return scratch_bytes; }

}  // namespace torsor
