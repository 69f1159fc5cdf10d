// Memory of a processor of the device, the one that is current when it is made; aligned to 64 bytes, zeroed and counted.
#pragma once
#include <cstdint>
#include <utility>

namespace torsor {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(int64_t bytes);
  ~Buffer() { release(); }
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this == &other) return *this;
    release();
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
    processor_ = other.processor_;
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void release();
  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  int processor() const { return processor_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
  int processor_ = 0;
};

// A buffer of elements of one type.
template <class T> class Array {
 public:
  Array() = default;
  explicit Array(int64_t size) : buffer_(size * int64_t(sizeof(T))), size_(size) {}
  T* data() const { return static_cast<T*>(buffer_.data()); }
  int64_t size() const { return size_; }
  T& operator[](int64_t k) const { return data()[k]; }

 private:
  Buffer buffer_;
  int64_t size_ = 0;
};

// Of memory of the process and of the device, from any to any; the ranges do not overlap. On the device it is a call like those of its kernels.
void copy_bytes(void* to, const void* from, int64_t bytes);
template <class T> void copy(T* to, const T* from, int64_t count) {
  if (count > 0) copy_bytes(to, from, count * int64_t(sizeof(T)));
}

struct MemoryUse {
  int64_t buffers, bytes;
  int64_t reserved;  // taken from the system: more than `bytes` where freed memory waits, or calls use some
  int64_t limit;     // of `reserved`; no_memory_limit: whatever there is
};
MemoryUse memory_use(int processor);

constexpr int64_t no_memory_limit = INT64_MAX;
// Gives back what waits. Buffers that are there stay, also beyond the limit. Throws Error where the device has no such limit.
void set_memory_limit(int processor, int64_t bytes);

}  // namespace torsor
