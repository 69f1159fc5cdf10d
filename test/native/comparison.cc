// Comparisons; see comparison.h.
#include "comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace torsor::test {

// Sums over rows, and scans over steps that share a tile, are formed in another order. The largest difference measured here is 1.4e-6, over 70
// steps of a scan, and 3.5e-7 elsewhere; where nothing is summed every bit is the same, but compilers that contract a product and a sum to one
// FMA need more room. A wrong index or row is off by 1e-2 and more.
constexpr double tolerance = 2e-6;

static double largest = 0;
static int comparisons = 0, failures = 0;
static std::string last_name;

void complain(const std::string& sentence) {
  failures++;
  std::printf("FAILED %s\n", sentence.c_str());
}

static void report(const std::string& name, const std::string& what, double error, bool fine) {
  if (!(error <= largest)) largest = error;
  if (!fine) return complain(name + ": " + what);
  if (name != last_name) std::printf("%s\n", name.c_str());
  last_name = name;
  std::printf("  %s\n", what.c_str());
}

static double distance(const Floats& x, const Floats& y) {
  double worst = x.size() == y.size() ? 0 : HUGE_VAL;
  for (size_t k = 0; k < std::min(x.size(), y.size()); k++) {
    const double error = x[k] == y[k] ? 0 : std::fabs(x[k] - y[k]) / (1 + std::fabs(x[k]));
    worst = error <= worst ? worst : error;  // a NaN is the worst
  }
  return worst;
}

void compare(const std::string& name, const char* kernel, const Results& x, const Results& y) {
  std::string line = kernel;
  double worst = 0;
  for (size_t k = 0; k < x.size(); k++) {
    comparisons++;
    const double error = distance(x[k].values, y[k].values);
    worst = error <= worst ? worst : error;
    char text[128];
    std::snprintf(text, sizeof text, ", %s %.1e", x[k].name, error);
    line += text;
  }
  report(name, line, worst, worst <= tolerance);
}

void same(const std::string& name, const char* kernel, const Results& x, const Results& y) {
  for (size_t k = 0; k < x.size(); k++) {
    comparisons++;
    const Floats &one = x[k].values, &other = y[k].values;
    if (one.size() != other.size() || std::memcmp(one.data(), other.data(), one.size() * sizeof(float)))
      report(name, std::string(kernel) + ", " + x[k].name + " depends on the size of the block or the order of threads",
             distance(one, other), false);
  }
}

int summary() {
  if (comparisons < 100) complain("nothing was compared");
  std::printf("%d comparisons, %d failures, largest difference %.2e of %.0e\n", comparisons, failures, largest,
              tolerance);
  return failures ? 1 : 0;
}

}  // namespace torsor::test
