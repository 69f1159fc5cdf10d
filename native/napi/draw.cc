// A draw of segments by itself, with noise that is given.
#include <cstring>

#include "napi/convert.h"
#include "training/segment_sampler.h"

namespace torsor {

static Napi::Value draw_segments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object in = object(info[0], "segments"), out = object(info[1], "results");
    const int steps = int(integer(in.Get("steps"), "steps", 1, 1 << 20)),
              segments = int(integer(in.Get("segments"), "segments", 1, 1 << 24)),
              count = int(integer(in.Get("count"), "count", 1, segments));
    const int64_t size = int64_t(steps) * segments;
    SegmentSampler sampler;
    sampler.prepare({steps, segments, steps, 0}, count);
    Array<float> advantage(size);
    Array<AdvantageMoments> moments(1);
    std::memcpy(advantage.data(), floats(in.Get("advantage"), "advantage", size), sizeof(float) * size_t(size));
    std::memcpy(sampler.waits.data(), floats(in.Get("wait"), "wait", segments), sizeof(float) * size_t(segments));
    sampler.weigh(advantage.data(), {float(number(in.Get("alpha"), "alpha")), float(number(in.Get("beta"), "beta"))});
    sampler.draw(count);
    sampler.place(count, true);
    GradientIO io{};
    io.advantage = advantage.data();
    io.index = sampler.index.data();
    training_kernels().moments(io, count * steps, false, moments.data());
    sampler.correct(count, advantage.data(), moments.data());
    const auto give = [&](const char* name, const Array<float>& from) {
      std::memcpy(floats(out.Get(name), name, from.size()), from.data(), sizeof(float) * size_t(from.size()));
    };
    float* const priority = floats(out.Get("priority"), "priority", segments);
    for (int k = 0; k < segments; k++) priority[k] = float(sampler.priority[k]);
    give("probability", sampler.probability);
    give("weight", sampler.weight);
    give("corrected", sampler.corrected);
    std::memcpy(ints(out.Get("segment"), "segment", count), sampler.segment.data(), sizeof(int32_t) * size_t(count));
    return info.Env().Undefined();
  });
}

void init_draw(Napi::Env env, Napi::Object exports) {
  exports.Set("drawSegments", Napi::Function::New(env, draw_segments));
}

}  // namespace torsor
