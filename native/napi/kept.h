// Memory of JavaScript that native code goes on using after the call which brought it.
#pragma once
#include <vector>

#include "napi/buffer.h"

namespace torsor {

// Typed arrays stay alive, native buffers even when they are disposed.
class Kept {
 public:
  // Keeps `value` in the place of what was kept there.
  void keep(uint32_t place, const Napi::Value& value) {
    if (values_.IsEmpty()) values_ = Napi::Persistent(Napi::Object::New(value.Env()));
    values_.Set(place, value);
    if (buffers_.size() <= place) buffers_.resize(place + 1);
    const bool is_buffer = value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&ClassTags::buffer);
    buffers_[place] = is_buffer ? BufferWrap::Unwrap(value.As<Napi::Object>())->share() : nullptr;
  }

  void release() {
    values_.Reset();
    buffers_.clear();
  }

 private:
  Napi::ObjectReference values_;
  std::vector<std::shared_ptr<Buffer>> buffers_;
};

}  // namespace torsor
