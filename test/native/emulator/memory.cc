// Every load and store of a kernel, checked against what it may touch and who touched it before. See emulator.h.
#include <algorithm>
#include <memory>
#include "emulator/emulator.h"
#include "emulator/running.h"
#include "emulator/source_line.h"
#include "emulator/thread.h"

namespace emulator {

namespace {

constexpr int nobody = -1;
constexpr int warp_of(int thread) { return thread / warp_size; }

// Who did one kind of thing to an element: two threads of the last interval are enough to tell whether anybody but a third did, if the
// second is of another warp where there is such a one.
struct Touch {
  uint32_t first = 0, last = 0;  // intervals: the first of the launch, and the last
  uint32_t phase = 0;
  int16_t thread = nobody, other = nobody;
  const void* site = nullptr;

  // Whether __syncwarp has put all that is recorded before what the running thread does now.
  bool before_in_warp() const {
    const int warp = warp_of(running.thread);
    return phase < running.warp_phase && warp_of(thread) == warp && (other == nobody || warp_of(other) == warp);
  }

  void record(uint32_t first_of_launch, const void* now_at) {
    if (first < first_of_launch) first = running.interval;
    if (last != running.interval || before_in_warp()) {
      last = running.interval;
      thread = int16_t(running.thread);
      other = nobody;
    } else if (thread != running.thread &&
               (other == nobody || (warp_of(other) == warp_of(thread) && warp_of(running.thread) != warp_of(thread)))) {
      other = int16_t(running.thread);
    }
    phase = running.warp_phase;
    site = now_at;
  }

  // Another thread of this block that did it without a barrier between then and now.
  int conflicting_thread() const {
    if (last != running.interval || before_in_warp()) return nobody;
    return thread != running.thread ? thread : other;
  }
  bool by_another_block(uint32_t first_of_launch) const {
    return first >= first_of_launch && first < running.first_of_block;
  }
};

enum Kind { read, write, atomic };
const char* const verbs[] = {"reads", "writes", "adds to"};
const char* const past[] = {"read", "written", "added to"};

struct Element {
  Touch touch[3];       // by Kind
  uint32_t cached = 0;  // the interval of the last __ldg
  bool written = false;
};

struct Region {
  std::string name;
  char* begin;
  size_t bytes, size;  // size of an element
  bool shared;
  std::vector<Element> elements;

  bool holds(const char* p) const { return p >= begin && p < begin + bytes; }
  // Blocks have shared memory of their own.
  uint32_t start() const { return shared ? running.first_of_block : running.first_of_launch; }
  bool written(const Element& e) const {
    return shared ? std::max(e.touch[write].first, e.touch[atomic].first) >= running.first_of_block : e.written;
  }
  std::string element(size_t k) const { return name + "[" + std::to_string(k) + "]"; }
};

std::vector<std::unique_ptr<Region>>& regions() {  // a function: Shared registers before main
  static std::vector<std::unique_ptr<Region>> all;
  return all;
}

Region* region_of(const char* p) {
  static Region* last = nullptr;  // of this launch: arrays come and go between launches
  static uint32_t launch = 0;
  if (launch == running.first_of_launch && last && last->holds(p)) return last;
  launch = running.first_of_launch;
  for (const auto& region : regions())
    if (region->holds(p)) return last = region.get();
  return last = nullptr;
}

std::string thread_name(int thread) {
  return "thread " + std::to_string(thread) + " of block " + std::to_string(running.block);
}

[[noreturn]] void outside(const char* p, size_t bytes, Kind kind, const void* site) {
  std::string where = "memory that is no array";
  if (on_a_stack(p)) where = "the stack of another thread";
  size_t nearest = 4096;
  for (const auto& region : regions()) {
    const char* end = region->begin + region->bytes;
    const bool behind = p + bytes > end;
    const size_t distance = size_t(behind ? p - std::min(end, p) : region->begin - p);
    if (distance >= nearest) continue;
    nearest = distance;
    where = std::to_string(distance) + " bytes " + (behind ? "behind the end of " : "before the start of ") +
            region->name + " (" + std::to_string(region->bytes / region->size) + " elements)";
  }
  fail("out of bounds: " + thread_name(running.thread) + " " + verbs[kind] + " " + std::to_string(bytes) +
       " bytes: " + where + source_line(site));
}

[[noreturn]] void race(const Region& r, size_t k, Kind kind, Kind before, const std::string& who, const char* why,
                       const void* site) {
  const void* other_site = r.elements[k].touch[before].site;
  fail("race: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) + source_line(site) + ", " +
       past[before] + " by " + who + source_line(other_site) + " " + why);
}

void check_race(const Region& r, size_t k, Kind kind, Kind before, const void* site) {
  const Touch& touch = r.elements[k].touch[before];
  if (touch.by_another_block(r.start()))
    race(r, k, kind, before, "block " + std::to_string(block_of(touch.first)), "in the same launch", site);
  const int other = touch.conflicting_thread();
  if (other != nobody) race(r, k, kind, before, thread_name(other), "with no barrier in between", site);
}

void touch_element(Region& r, size_t k, Kind kind, const void* site) {
  Element& e = r.elements[k];
  if (kind != write && !r.written(e))
    fail("uninitialised read: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) +
         ", which nobody has written so far" + source_line(site));
  if (kind != read) {
    if (e.cached >= r.start())
      fail("read-only cache: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) +
           ", which this launch reads with __ldg" + source_line(site));
    check_race(r, k, kind, read, site);
    e.written = true;
  }
  check_race(r, k, kind, write, site);
  if (kind != atomic) check_race(r, k, kind, atomic, site);
  e.touch[kind].record(r.start(), site);
}

inline void access(const void* address, size_t bytes, size_t alignment, Kind kind, const void* site) {
  const char* p = static_cast<const char*>(address);
  if (!running.kernel || (p >= running.stack && p < running.stack_end)) return;
  if (reinterpret_cast<uintptr_t>(p) % alignment)
    fail("misaligned: " + thread_name(running.thread) + " " + verbs[kind] + " " + std::to_string(bytes) +
         " bytes at an address that is no multiple of it" + source_line(site));
  Region* r = region_of(p);
  if (!r || size_t(p - r->begin) + bytes > r->bytes) outside(p, bytes, kind, site);
  const size_t offset = size_t(p - r->begin), last = (offset + bytes - 1) / r->size;
  for (size_t k = offset / r->size; k <= last; k++) touch_element(*r, k, kind, site);
}

void add_region(const char* name, void* data, size_t bytes, size_t size, bool shared, bool written) {
  auto region = std::make_unique<Region>();
  *region = {name, static_cast<char*>(data), bytes, size, shared, std::vector<Element>(bytes / size)};
  for (Element& e : region->elements) e.written = written;
  regions().push_back(std::move(region));
}

template <class T> T atomic_add(T* p, T x, const void* site) {
  access(p, sizeof(T), sizeof(T), atomic, site);
  const T before = *p;
  *p += x;
  return before;
}

}  // namespace

// A margin, so that what lies a little outside an array is not in another.
constexpr size_t margin = 4096, alignment = 256;  // as cudaMalloc aligns

Memory::Memory(const char* name, size_t bytes, size_t element, bool written)
    : storage_(bytes + 2 * margin + alignment) {
  data_ = storage_.data() + margin;
  data_ += alignment - reinterpret_cast<uintptr_t>(data_) % alignment;
  add_region(name, data_, bytes, element, false, written);
}

Memory::~Memory() {
  auto& all = regions();
  all.erase(std::find_if(all.begin(), all.end(), [&](const auto& r) { return r->begin == data_; }));
}

Shared::Shared(void* data, size_t capacity) { add_region("shared memory", data, capacity, 4, true, false); }

void resize_shared(size_t bytes) {
  for (const auto& region : regions())
    if (region->shared) region->bytes = std::min(bytes, region->elements.size() * region->size);
}

float add(float* p, float x) { return atomic_add(p, x, __builtin_return_address(0)); }
int add(int* p, int x) { return atomic_add(p, x, __builtin_return_address(0)); }
unsigned add(unsigned* p, unsigned x) { return atomic_add(p, x, __builtin_return_address(0)); }

void read_only(const void* p, size_t bytes) {
  const void* site = __builtin_return_address(0);
  Region* r = region_of(static_cast<const char*>(p));
  if (!r || r->shared) outside(static_cast<const char*>(p), bytes, read, site);
  const size_t k = size_t(static_cast<const char*>(p) - r->begin) / r->size;
  Element& e = r->elements[k];
  if (std::max(e.touch[write].first, e.touch[atomic].first) >= running.first_of_launch)
    fail("read-only cache: " + thread_name(running.thread) + " reads " + r->element(k) +
         " with __ldg, which this launch has written" + source_line(site));
  e.cached = running.interval;
}

void check_alignment(const void* p, size_t bytes) {
  if (running.kernel && reinterpret_cast<uintptr_t>(p) % bytes)
    fail("misaligned: " + thread_name(running.thread) + " takes a vector of " + std::to_string(bytes) +
         " bytes from an address that is no multiple of it" + source_line(__builtin_return_address(0)));
}

}  // namespace emulator

// What code compiled with -fsanitize=thread calls. Where the compiler does not vouch for an address, as in a memcpy, any will do.
#define HOOK(name, bytes, alignment, kind) \
  void __tsan_##name(void* p) { emulator::access(p, bytes, alignment, emulator::kind, __builtin_return_address(0)); }
#define HOOKS(bytes)                          \
  HOOK(read##bytes, bytes, bytes, read)       \
  HOOK(write##bytes, bytes, bytes, write)     \
  HOOK(unaligned_read##bytes, bytes, 1, read) \
  HOOK(unaligned_write##bytes, bytes, 1, write)
extern "C" {
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
void __tsan_read_range(void* p, size_t bytes) {
  emulator::access(p, bytes, 1, emulator::read, __builtin_return_address(0));
}
void __tsan_write_range(void* p, size_t bytes) {
  emulator::access(p, bytes, 1, emulator::write, __builtin_return_address(0));
}
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
