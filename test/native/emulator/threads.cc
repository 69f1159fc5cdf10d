// Threads of a kernel as fibers: blocks in turn, barriers, warp operations. See emulator.h.
#include <sys/mman.h>
#include <ucontext.h>
#include <algorithm>
#include <memory>
#include <random>
#include "emulator/emulator.h"
#include "emulator/running.h"
#include "emulator/thread.h"

namespace emulator {

thread_local bool in_kernel = false;
Running running;

namespace {

// A Program, which comes as a parameter, takes 11 KiB; what is never touched costs nothing.
constexpr size_t stack_bytes = 256 * 1024, guard_bytes = 64 * 1024;

enum class State { ready, at_barrier, at_warp_operation, ended, failed };

struct Thread {
  State state = State::ended;
  bool started = false;  // waits on its stack for the next block
  void* here[5];         // where it goes on
  char* stack;
  const char* file = nullptr;  // of the barrier
  int line = 0;
  WarpOperation operation{};
  unsigned mask = 0, value = 0;
  int source = 0;
};

std::vector<std::unique_ptr<Thread>> threads;  // as many as the largest block so far had
Thread* current = nullptr;
void* scheduler[5];
Launch launched{"", 1, 1};
const std::function<void()>* body = nullptr;
std::string failure;
std::vector<uint32_t> block_starts, phases;  // phases: of the warps of the block
std::vector<int> block_numbers;
std::minstd_rand shuffler;

// GCC's own setjmp: no system call, and no objection to a jump to another stack. It wants the two in different functions.
[[gnu::noinline, noreturn]] void jump(void** there) { __builtin_longjmp(there, 1); }
[[gnu::noinline]] void switch_to(void** here, void** there) {
  if (!__builtin_setjmp(here)) jump(there);
}

void leave(State state) {
  current->state = state;
  switch_to(current->here, scheduler);
}

void live() {
  for (;;) {
    (*body)();
    leave(State::ended);
  }
}

[[gnu::noinline]] void start(Thread& t) {
  static ucontext_t context;
  getcontext(&context);
  context.uc_stack.ss_sp = t.stack;
  context.uc_stack.ss_size = stack_bytes;
  makecontext(&context, live, 0);
  t.started = true;
  if (!__builtin_setjmp(scheduler)) setcontext(&context);
}

void resume(int k) {
  Thread& t = *threads[k];
  current = &t;
  t.state = State::ready;
  running.thread = k;
  running.warp_phase = phases[k / warp_size];
  running.stack = t.stack;
  running.stack_end = t.stack + stack_bytes;
  in_kernel = true;
  t.started ? switch_to(scheduler, t.here) : start(t);
  in_kernel = false;
  if (t.state != State::failed) return;
  t.started = false;  // what is on its stack is given up
  throw Error(std::string(launched.kernel) + ": " + failure);
}

[[noreturn]] void fail_block(const std::string& what) {
  throw Error(std::string(launched.kernel) + ": " + what + " (block " + std::to_string(running.block) + ")");
}

std::string place(const Thread& t) {
  const std::string file = t.file;
  return file.substr(file.rfind('/') + 1) + ":" + std::to_string(t.line);
}

// All threads are at the same barrier, or all have ended (true).
bool meet(int count) {
  const Thread& first = *threads[0];
  for (int k = 1; k < count; k++) {
    const Thread& t = *threads[k];
    const std::string number = std::to_string(k);
    if (t.state != first.state) {
      const bool waits = t.state == State::at_barrier;
      fail_block("divergent barrier: thread " + (waits ? number : "0") + " waits at " + place(waits ? t : first) +
                 ", thread " + (waits ? "0" : number) + " has ended");
    }
    if (t.state == State::at_barrier && (t.line != first.line || std::string(t.file) != first.file))
      fail_block("divergent barrier: thread 0 waits at " + place(first) + ", thread " + number + " at " + place(t));
  }
  return first.state == State::ended;
}

// Carries out the warp operations whose lanes are all there; false if there is none.
bool run_warp_operations(int count) {
  bool done = false;
  for (int k = 0; k < count; k++) {
    const Thread& t = *threads[k];
    if (t.state != State::at_warp_operation) continue;
    const int first = k / warp_size * warp_size;
    unsigned alive = 0, there = 0, votes = 0;
    for (int lane = 0; lane < warp_size && first + lane < count; lane++) {
      const Thread& other = *threads[first + lane];
      if (other.state == State::ended) continue;
      alive |= 1u << lane;
      if (other.state != State::at_warp_operation || other.mask != t.mask || other.operation != t.operation) continue;
      there |= 1u << lane;
      if (other.value) votes |= 1u << lane;
    }
    const unsigned wanted = t.mask & alive;
    if (wanted & ~there) continue;
    done = true;
    if (t.operation == WarpOperation::synchronize && wanted == alive) phases[k / warp_size]++;
    unsigned values[warp_size];
    for (int lane = 0; lane < warp_size && first + lane < count; lane++) values[lane] = threads[first + lane]->value;
    const WarpOperation operation = t.operation;
    for (int lane = 0; lane < warp_size; lane++) {
      if (!(wanted >> lane & 1)) continue;
      Thread& other = *threads[first + lane];
      if (operation == WarpOperation::ballot) other.value = votes & wanted;
      if (operation == WarpOperation::shuffle) {
        if (other.source < 0 || other.source >= warp_size || !(wanted >> other.source & 1))
          fail_block("warp shuffle: thread " + std::to_string(first + lane) + " reads lane " +
                     std::to_string(other.source) + ", which takes no part in it");
        other.value = values[other.source];
      }
      other.state = State::ready;
    }
  }
  return done;
}

std::vector<int> turns(int count) {
  std::vector<int> order(count);
  for (int k = 0; k < count; k++) order[k] = launched.order == Order::backward ? count - 1 - k : k;
  if (launched.order == Order::shuffled) std::shuffle(order.begin(), order.end(), shuffler);
  return order;
}

void run_block(int block) {
  const int count = launched.block.count();
  running.block = block;
  running.first_of_block = ++running.interval;
  block_starts.push_back(running.interval);
  block_numbers.push_back(block);
  phases.assign((count + warp_size - 1) / warp_size, 0);
  const std::vector<int> order = turns(count);
  for (int k = 0; k < count; k++) threads[k]->state = State::ready;
  for (bool ended = false; !ended;) {
    for (int k : order)
      if (threads[k]->state == State::ready) resume(k);
    if (run_warp_operations(count)) continue;
    for (int k = 0; k < count; k++)
      if (threads[k]->state == State::at_warp_operation)
        fail_block("warp operation: thread " + std::to_string(k) +
                   " waits for lanes of its mask that have gone elsewhere");
    ended = meet(count);
    running.interval++;
    if (!ended)
      for (int k = 0; k < count; k++) threads[k]->state = State::ready;
  }
}

Index index_of(int k, const Dim3& size) {
  const unsigned n = unsigned(k);
  return {n % size.x, n / size.x % size.y, n / size.x / size.y};
}

}  // namespace

void run(const Launch& l, const std::function<void()>& thread) {
  const int count = l.block.count();
  const std::string name = l.kernel;
  if (count < 1 || count > max_threads) throw Error(name + ": a block of " + std::to_string(count) + " threads");
  if (l.shared_bytes > max_shared_bytes)
    throw Error(name + ": " + std::to_string(l.shared_bytes) + " bytes of shared memory");
  while (int(threads.size()) < count) {
    threads.push_back(std::make_unique<Thread>());
    char* memory = static_cast<char*>(mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED || mprotect(memory, guard_bytes, PROT_NONE)) throw Error("no memory for stacks");
    threads.back()->stack = memory + guard_bytes;
  }
  for (auto& t : threads)  // what an error has left half-way
    if (t->state != State::ended) t->started = false;
  launched = l;
  body = &thread;
  block_starts.clear();
  block_numbers.clear();
  shuffler.seed(1);
  running.first_of_launch = running.interval + 1;
  resize_shared(l.shared_bytes);
  for (int block : turns(l.grid.count())) run_block(block);
}

void fail(const std::string& what) {
  in_kernel = false;
  failure = what;
  leave(State::failed);
  __builtin_unreachable();
}

bool on_a_stack(const char* address) {
  return std::any_of(threads.begin(), threads.end(),
                     [&](const auto& t) { return address >= t->stack && address < t->stack + stack_bytes; });
}

int block_of(uint32_t interval) {
  return block_numbers[std::upper_bound(block_starts.begin(), block_starts.end(), interval) - block_starts.begin() - 1];
}

Index thread_index() { return index_of(running.thread, launched.block); }
Index block_index() { return index_of(running.block, launched.grid); }
Index block_size() { return {launched.block.x, launched.block.y, launched.block.z}; }
Index grid_size() { return {launched.grid.x, launched.grid.y, launched.grid.z}; }
int lane() { return running.thread % warp_size; }

void barrier(const char* file, int line) {
  current->file = file;
  current->line = line;
  leave(State::at_barrier);
}

unsigned warp(WarpOperation operation, unsigned mask, unsigned value, int source) {
  if (!(mask >> lane() & 1)) fail("warp operation: thread " + std::to_string(running.thread) + " is not in its mask");
  current->operation = operation;
  current->mask = mask;
  current->value = value;
  current->source = source;
  leave(State::at_warp_operation);
  return current->value;
}

}  // namespace emulator
