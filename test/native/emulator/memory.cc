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

// Where in the code, in 4 bytes: elements are many.
int32_t offset_of(const void* site) {
  return int32_t(static_cast<const char*>(site) - reinterpret_cast<const char*>(&fail));
}
const void* site_at(int32_t offset) { return reinterpret_cast<const char*>(&fail) + offset; }

// Who did one kind of thing to an element: two threads of the last interval are enough to tell whether anybody but a third did, if the
// second is of another warp where there is such a one.
struct Touch {
  uint32_t first = 0, last = 0;  // intervals: the first of the launch, and the last
  uint32_t phase = 0;
  int16_t thread = nobody, other = nobody;
  int32_t site = 0;

  // Whether __syncwarp has put all that is recorded before what the running thread does now.
  bool before_in_warp() const {
    const int warp = warp_of(running.thread);
    return phase < running.warp_phase && warp_of(thread) == warp && (other == nobody || warp_of(other) == warp);
  }

  void record(uint32_t start, const void* now_at) {
    if (first < start) first = running.interval;
    if (last != running.interval || before_in_warp()) {
      last = running.interval;
      thread = int16_t(running.thread);
      other = nobody;
    } else if (thread != running.thread &&
               (other == nobody || (warp_of(other) == warp_of(thread) && warp_of(running.thread) != warp_of(thread)))) {
      other = int16_t(running.thread);
    }
    phase = running.warp_phase;
    site = offset_of(now_at);
  }

  // The running thread has just done it, and nobody since: then it was checked.
  bool again() const {
    return last == running.interval && thread == running.thread && other == nobody && phase == running.warp_phase;
  }
  // Another thread of this block that did it without a barrier between then and now.
  int conflicting_thread() const {
    if (last != running.interval || before_in_warp()) return nobody;
    return thread != running.thread ? thread : other;
  }
  bool by_another_block(uint32_t start) const { return first >= start && first < running.first_of_block; }
};

enum Kind { read, write, atomic };
const char* const verbs[] = {"reads", "writes", "adds to"};
const char* const past[] = {"read", "written", "added to"};

struct Element {
  Touch read, write;
  uint32_t cached = 0;  // the interval of the last __ldg
  bool written = false;
};

struct Region {
  std::string name;
  char* begin;
  size_t bytes, size;  // size of an element
  bool shared;
  std::vector<Element> elements;
  std::vector<Touch> atomics;  // of the elements, once there has been one

  bool holds(const char* p) const { return p >= begin && p < begin + bytes; }
  // Blocks have shared memory of their own.
  uint32_t start() const { return shared ? running.first_of_block : running.first_of_launch; }
  bool written_since(size_t k, uint32_t start) const {
    return elements[k].write.first >= start || (!atomics.empty() && atomics[k].first >= start);
  }
  bool written(size_t k) const { return shared ? written_since(k, start()) : elements[k].written; }
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

[[noreturn, gnu::cold]] void outside(const char* p, size_t bytes, Kind kind, const void* site) {
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

// With a thread of this block, or with `nobody` in it, but in another.
[[noreturn, gnu::cold]] void race(const Region& r, size_t k, Kind kind, Kind before, const Touch& touch, int thread,
                                  const void* site) {
  const std::string who = thread == nobody ? "block " + std::to_string(block_of(touch.first)) : thread_name(thread);
  fail("race: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) + source_line(site) + ", " +
       past[before] + " by " + who + source_line(site_at(touch.site)) +
       (thread == nobody ? " in the same launch" : " with no barrier in between"));
}

inline void check_race(const Region& r, size_t k, Kind kind, Kind before, const Touch& touch, const void* site) {
  if (touch.by_another_block(r.start())) race(r, k, kind, before, touch, nobody, site);
  const int other = touch.conflicting_thread();
  if (other != nobody) race(r, k, kind, before, touch, other, site);
}

[[noreturn, gnu::cold]] void unwritten(const Region& r, size_t k, Kind kind, const void* site) {
  fail("uninitialised read: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) +
       ", which nobody has written so far" + source_line(site));
}

[[noreturn, gnu::cold]] void in_cache(const Region& r, size_t k, Kind kind, const void* site) {
  fail("read-only cache: " + thread_name(running.thread) + " " + verbs[kind] + " " + r.element(k) +
       ", which this launch reads with __ldg" + source_line(site));
}

[[noreturn, gnu::cold]] void misaligned(size_t bytes, Kind kind, const void* site) {
  fail("misaligned: " + thread_name(running.thread) + " " + verbs[kind] + " " + std::to_string(bytes) +
       " bytes at an address that is no multiple of it" + source_line(site));
}

inline void touch_element(Region& r, size_t k, Kind kind, const void* site) {
  Element& e = r.elements[k];
  if (kind == read) {
    if (e.read.again()) return;
    if (!r.written(k)) unwritten(r, k, kind, site);
    check_race(r, k, kind, write, e.write, site);
    if (!r.atomics.empty()) check_race(r, k, kind, atomic, r.atomics[k], site);
    e.read.record(r.start(), site);
    return;
  }
  if (kind == write && e.write.again()) return;
  if (e.cached >= r.start()) in_cache(r, k, kind, site);
  check_race(r, k, kind, read, e.read, site);
  check_race(r, k, kind, write, e.write, site);
  if (kind == atomic) {
    if (!r.written(k)) unwritten(r, k, kind, site);
    r.atomics.resize(r.elements.size());
    r.atomics[k].record(r.start(), site);
  } else {
    if (!r.atomics.empty()) check_race(r, k, kind, atomic, r.atomics[k], site);
    e.write.record(r.start(), site);
  }
  e.written = true;
}

[[gnu::noinline]] void access_array(const char* p, size_t bytes, size_t alignment, Kind kind, const void* site) {
  if (reinterpret_cast<uintptr_t>(p) & (alignment - 1)) misaligned(bytes, kind, site);
  Region* r = region_of(p);
  if (!r || size_t(p - r->begin) + bytes > r->bytes) outside(p, bytes, kind, site);
  const size_t offset = size_t(p - r->begin);
  if (r->size == 4 && bytes == 4)  // nearly always, and without a division
    touch_element(*r, offset / 4, kind, site);
  else
    for (size_t k = offset / r->size; k <= (offset + bytes - 1) / r->size; k++) touch_element(*r, k, kind, site);
}

// Most accesses are to the thread's own stack.
[[gnu::always_inline]] inline void access(const void* address, size_t bytes, size_t alignment, Kind kind,
                                          const void* site) {
  const char* p = static_cast<const char*>(address);
  if (in_kernel && (p < running.stack || p >= running.stack_end)) access_array(p, bytes, alignment, kind, site);
}

void add_region(const char* name, void* data, size_t bytes, size_t size, bool shared, bool written) {
  auto region = std::make_unique<Region>();
  *region = {name, static_cast<char*>(data), bytes, size, shared, std::vector<Element>(bytes / size), {}};
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
  if (r->written_since(k, running.first_of_launch))
    fail("read-only cache: " + thread_name(running.thread) + " reads " + r->element(k) +
         " with __ldg, which this launch has written" + source_line(site));
  r->elements[k].cached = running.interval;
}

void check_alignment(const void* p, size_t bytes) {
  if (in_kernel && reinterpret_cast<uintptr_t>(p) % bytes)
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
