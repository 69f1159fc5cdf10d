// See buffer.h.
#include "napi/buffer.h"

#include <cstring>

namespace torsor {

void BufferWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set("Buffer", define(env, "Buffer", processor,
                               {InstanceMethod("read", &BufferWrap::read), InstanceMethod("write", &BufferWrap::write),
                                InstanceMethod("dispose", &BufferWrap::dispose),
                                InstanceAccessor("byteLength", &BufferWrap::byte_length, nullptr)}));
}

BufferWrap::BufferWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    buffer_ = std::make_shared<Buffer>(integer(info[0], "byteLength", 0, int64_t(1) << 40));
    info.This().As<Napi::Object>().TypeTag(&ClassTags::buffer);
    Napi::MemoryManagement::AdjustExternalMemory(info.Env(), buffer_->bytes());
  });
}

void BufferWrap::release(Napi::Env env) {
  if (!buffer_) return;
  Napi::MemoryManagement::AdjustExternalMemory(env, -buffer_->bytes());
  buffer_.reset();
}

const Buffer& BufferWrap::buffer(const char* name) const {
  if (!buffer_) throw Error("DISPOSED", std::string(name) + ": the buffer was disposed");
  return *buffer_;
}

// Bytes of a typed array.
static std::pair<void*, int64_t> view(const Napi::Value& value, const char* name) {
  napi_typedarray_type type;
  size_t length;
  void* data;
  if (!value.IsTypedArray() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    throw Error("INVALID_ARGUMENT", std::string(name) + ": expected a typed array");
  return {data, int64_t(length) * value.As<Napi::TypedArray>().ElementSize()};
}

static int64_t offset_of(const Napi::CallbackInfo& info, const Buffer& buffer, int64_t bytes) {
  const int64_t offset = absent(info[1]) ? 0 : integer(info[1], "byteOffset", 0, buffer.bytes());
  if (offset + bytes > buffer.bytes())
    throw Error("INVALID_SHAPE",
                "expected at most " + std::to_string(buffer.bytes() - offset) + " bytes, got " + std::to_string(bytes));
  return offset;
}

void BufferWrap::read(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const auto [data, bytes] = view(info[0], "target");
    const Buffer& from = buffer("read");
    std::memcpy(data, static_cast<const char*>(from.data()) + offset_of(info, from, bytes), size_t(bytes));
  });
}

void BufferWrap::write(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const auto [data, bytes] = view(info[0], "source");
    const Buffer& to = buffer("write");
    std::memcpy(static_cast<char*>(to.data()) + offset_of(info, to, bytes), data, size_t(bytes));
  });
}

}  // namespace torsor
