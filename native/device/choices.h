// Which of several ways to run a call a model has found the fastest on its processor. Nothing is measured here: that is the device's.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace torsor {

// Ways that were measured, by what they take; infinity: there was no memory for it.
struct Choice {
  struct Way {
    std::string name;
    double microseconds;
  };
  std::string purpose;
  int rows, steps;  // of the call that was measured
  std::vector<Way> ways;
  int taken;
};

class Choices {
 public:
  // The choice for calls of a size: the first of them brings it about, by measure(), while others wait for it. Sizes are rounded up to a power
  // of two, so that there are few of them, however batches vary.
  template <class Measure> int of(const char* purpose, int rows, int steps, Measure measure) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto key = std::make_tuple(std::string(purpose), doublings(rows), doublings(steps));
    const auto found = choices_.find(key);
    return found != choices_.end() ? found->second.taken : choices_.emplace(key, measure()).first->second.taken;
  }
  // The same where nothing may be measured; -1: there is none yet.
  int known(const char* purpose, int rows, int steps) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = choices_.find(std::make_tuple(std::string(purpose), doublings(rows), doublings(steps)));
    return found != choices_.end() ? found->second.taken : -1;
  }
  std::vector<Choice> all() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<Choice> all;
    for (const auto& [key, choice] : choices_) all.push_back(choice);
    return all;
  }

 private:
  static int doublings(int count) {
    int n = 0;
    while ((int64_t(1) << n) < count) n++;
    return n;
  }

  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, int, int>, Choice> choices_;
};

}  // namespace torsor
