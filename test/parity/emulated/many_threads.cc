// Blocks with all their threads, on the emulator of test/native: every access of a kernel is checked. One kernel at a time.
#include <map>
#include <memory>
#include <mutex>

#include "emulator/emulator.h"
#include "engine.h"

namespace torsor::device {
float columns[engine::shared_bytes / 4] __attribute__((aligned(256)));
}

namespace engine {

static emulator::Shared shared(torsor::device::columns, shared_bytes);
static std::mutex mutex;

// What the host or a copy has written is not followed, so all counts as written. What lies in a block is not known here, and flags have a byte
// each, so every byte is an element.
class Block : emulator::Memory {
 public:
  explicit Block(size_t bytes) : Memory("an array", bytes, 1, true) {}
  void* data() { return data_; }
};
static std::map<void*, std::unique_ptr<Block>> blocks;

std::string run(const Launch& launch, const Thread& thread) {
  const std::lock_guard<std::mutex> lock(mutex);
  static int launches = 0;
  constexpr emulator::Order orders[] = {emulator::Order::shuffled, emulator::Order::backward, emulator::Order::forward};
  try {
    emulator::run({"", emulator::Dim3(launch.blocks), emulator::Dim3(launch.threads), launch.shared_bytes,
                   orders[launches++ % 3]},
                  [&] { thread.call(thread.arguments); });
  } catch (const emulator::Error& error) { return error.what(); }
  return "";
}

void* allocate(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  auto block = std::make_unique<Block>(bytes);
  void* const data = block->data();
  blocks[data] = std::move(block);
  return data;
}

void release(void* block) {
  const std::lock_guard<std::mutex> lock(mutex);
  blocks.erase(block);
}

}  // namespace engine
