// A draw of segments by itself, with noise that is given.
#include <vector>

#include "napi/wrap.h"
#include "training/segment_sampler.h"

namespace torsor {

Napi::Value draw_segments(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), processor_of(info), [&]() -> Napi::Value {
    const Napi::Object in = object(info[0], "segments"), out = object(info[1], "results");
    const int steps = int(integer(in.Get("steps"), "steps", 1, 1 << 20)),
              segments = int(integer(in.Get("segments"), "segments", 1, 1 << 24)),
              count = int(integer(in.Get("count"), "count", 1, segments));
    const int64_t size = int64_t(steps) * segments;
    SegmentSampler sampler;
    sampler.prepare({steps, segments, steps, 0}, count);
    Array<float> advantage(size);
    Array<AdvantageMoments> moments(1);
    copy(advantage.data(), floats(in.Get("advantage"), "advantage", size), size);
    copy(sampler.waits.data(), floats(in.Get("wait"), "wait", segments), segments);
    sampler.weigh(advantage.data(), {float(number(in.Get("alpha"), "alpha")), float(number(in.Get("beta"), "beta"))});
    sampler.draw(count);
    sampler.place(count, true);
    GradientIO io{};
    io.advantage = advantage.data();
    io.index = sampler.index.data();
    training_kernels().moments(io, count * steps, false, moments.data());
    sampler.correct(count, advantage.data(), moments.data());
    const auto give = [&](const char* name, const Array<float>& from) {
      copy(floats(out.Get(name), name, from.size()), from.data(), from.size());
    };
    float* const priority = floats(out.Get("priority"), "priority", segments);
    std::vector<double> exact(static_cast<size_t>(segments));
    copy(exact.data(), sampler.priority.data(), segments);
    for (int k = 0; k < segments; k++) priority[k] = float(exact[size_t(k)]);
    give("probability", sampler.probability);
    give("weight", sampler.weight);
    give("corrected", sampler.corrected);
    copy(ints(out.Get("segment"), "segment", count), sampler.segment.data(), count);
    return info.Env().Undefined();
  });
}

}  // namespace torsor
