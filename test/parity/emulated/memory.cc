// Memory of the GPUs, memory of the process that is page-locked, and copies between them.
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>

#include "machine.h"

using faults::event;

struct Block {
  size_t bytes;
  cudaMemoryType type;
  int gpu;
};
static std::mutex mutex;
static std::map<const char*, Block> blocks;
static size_t taken[most_gpus];

// The block an address lies in; blocks.end() when it is not of the device.
static std::map<const char*, Block>::iterator block_of(const void* address) {
  auto at = blocks.upper_bound(static_cast<const char*>(address));
  if (at == blocks.begin()) return blocks.end();
  --at;
  return static_cast<const char*>(address) < at->first + at->second.bytes ? at : blocks.end();
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  *total = memory_bytes;
  *free = memory_bytes - taken[current];
  return cudaSuccess;
}

static cudaError_t allocate(void** address, size_t bytes, cudaMemoryType type) {
  if (const cudaError_t error = use()) return error;
  if (const cudaError_t error = not_in_a_capture()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  if (faults::of_this_allocation() || bytes > memory_bytes - taken[current]) return cudaErrorMemoryAllocation;
  *address = engine::allocate(bytes);
  std::memset(*address, 0xa5, bytes);  // nobody may rely on zeros
  blocks[static_cast<char*>(*address)] = {bytes, type, current};
  taken[current] += bytes;
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeDevice); }
cudaError_t cudaMallocManaged(void** address, size_t bytes) { return allocate(address, bytes, cudaMemoryTypeManaged); }

cudaError_t cudaFree(void* address) {
  if (const cudaError_t error = use()) return error;
  if (const cudaError_t error = not_in_a_capture()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = blocks.find(static_cast<const char*>(address));
  if (at == blocks.end() || at->second.gpu != current) return cudaErrorInvalidValue;
  taken[current] -= at->second.bytes;
  blocks.erase(at);
  engine::release(address);
  return cudaSuccess;
}

// Page-locked memory of the process, and whether it is registered or comes from cudaMallocHost.
struct Locked {
  size_t bytes;
  bool registered;
  int gpu;  // that knows of it; -1: all
};
static std::map<const char*, Locked> locked;

// Null: not all of the range is page-locked, as far as the current GPU knows.
static const Locked* locked_at(const void* address, size_t bytes) {
  auto at = locked.upper_bound(static_cast<const char*>(address));
  if (at == locked.begin()) return nullptr;
  --at;
  const bool known = at->second.gpu < 0 || at->second.gpu == current;
  return known && static_cast<const char*>(address) + bytes <= at->first + at->second.bytes ? &at->second : nullptr;
}

cudaError_t cudaMallocHost(void** address, size_t bytes) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  *address = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!*address) return cudaErrorMemoryAllocation;
  std::memset(*address, 0xa5, bytes);
  locked[static_cast<char*>(*address)] = {bytes, false, current};
  return cudaSuccess;
}

static cudaError_t unlock(void* address, bool registered, cudaError_t unknown) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = locked.find(static_cast<char*>(address));
  if (at == locked.end() || at->second.registered != registered) {
    event("unknown");
    return unknown;
  }
  locked.erase(at);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* address) {
  const cudaError_t error = unlock(address, false, cudaErrorInvalidValue);
  if (error == cudaSuccess) std::free(address);
  return error;
}
cudaError_t cudaHostRegister(void* address, size_t bytes, unsigned flags) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  if (!address || bytes == 0) return cudaErrorInvalidValue;
  const char *const begin = static_cast<char*>(address), *const end = begin + bytes;
  const auto next = locked.lower_bound(begin);
  if (locked_at(begin, 1) || (next != locked.end() && next->first < end)) return cudaErrorHostMemoryAlreadyRegistered;
  locked[begin] = {bytes, true, flags & cudaHostRegisterPortable ? -1 : current};
  event("pin");
  return cudaSuccess;
}
cudaError_t cudaHostUnregister(void* address) {
  const cudaError_t error = unlock(address, true, cudaErrorHostMemoryNotRegistered);
  if (error == cudaSuccess) event("unpin");
  return error;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* address) {
  if (const cudaError_t error = use()) return error;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  if (at != blocks.end())
    attributes->type = at->second.type;
  else
    attributes->type = locked_at(address, 1) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
  return cudaSuccess;
}

bool reaches(const void* address, size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && at->second.gpu == current &&
         static_cast<const char*>(address) + bytes <= at->first + at->second.bytes;
}

bool elsewhere(const void* address) {
  const std::lock_guard<std::mutex> lock(mutex);
  const auto at = block_of(address);
  return at != blocks.end() && at->second.gpu != current;
}

cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  if (bytes == 0) return cudaSuccess;
  if (!reaches(to, bytes)) return cudaErrorInvalidValue;
  return run_or_capture({nullptr, [=] {
                           event("clear");
                           std::memset(to, value, bytes);
                           return cudaSuccess;
                         }});
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  if (const cudaError_t error = use()) return error;
  const bool to_device = reaches(to, bytes), from_device = reaches(from, bytes);
  if (elsewhere(to) || elsewhere(from)) return cudaErrorInvalidValue;
  if (kind == cudaMemcpyDefault ? !to_device && !from_device : !(kind == cudaMemcpyHostToDevice ? to_device : from_device))
    return cudaErrorInvalidValue;
  if (kind == cudaMemcpyDefault && to_device && from_device)
    return run_or_capture({nullptr, [=] {
                             event("move");
                             std::memcpy(to, from, bytes);
                             return cudaSuccess;
                           }});
  if (const cudaError_t error = not_in_a_capture()) return error;
  event("copy");
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const Locked* const home = locked_at(to_device ? from : to, bytes);
    event(!home ? "pageable" : home->registered ? "direct" : "staged");
  }
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
