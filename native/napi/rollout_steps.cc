// How environments of JavaScript fill a rollout: their arrays are bound, then a step passes only numbers.
#include "napi/rollout.h"

namespace torsor {

void RolloutWrap::bind_act(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Model& m = wrap_->model("act");
    const Rollout& r = idle("act");
    const int64_t n = r.environments();
    const float* observation = floats(info[0], "observation", n * m.observation_size());
    const uint8_t* mask = absent(info[1]) ? nullptr : bytes(info[1], "mask", n * m.head().n);
    if (mask && !m.discrete()) throw Error("INVALID_ARGUMENT", "mask: only a discrete policy takes one");
    acting_ = {observation, mask, action_memory(m, info[2], n), to_noise(info[3], r.horizon())};
    for (uint32_t k = 0; k < 3; k++) kept_.keep(k, info[k]);
  });
}

void RolloutWrap::bind_record(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const int64_t n = idle("record").environments();
    recording_ = {floats(info[0], "reward", n), bytes(info[1], "terminated", n), bytes(info[2], "truncated", n),
                  floats(info[3], "finalObservation", n * wrap_->model("record").observation_size())};
    for (uint32_t k = 0; k < 4; k++) kept_.keep(3 + k, info[k]);
  });
}

// What a call is about: step t of some rows; without them, of all.
struct Place {
  Place(const Rollout& r, const Napi::CallbackInfo& info, const void* bound)
      : t(int(integer(info[0], "t", 0, r.horizon() - 1))),
        first(absent(info[1]) ? 0 : int(integer(info[1], "first", 0, r.environments() - 1))),
        rows(absent(info[2]) ? r.environments() - first : int(integer(info[2], "rows", 1, r.environments() - first))) {
    if (!bound) throw Error("INVALID_ARGUMENT", "a step was made before its arrays were bound");
  }
  int t, first, rows;
};

void RolloutWrap::act(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("act");
    const auto& [observation, mask, action, noise_of_first] = acting_;
    const Place place(r, info, observation);
    if (place.t > 0 && r.masked != (mask != nullptr))
      throw Error("INVALID_ARGUMENT", "mask: expected in every step of a rollout or in none");
    Noise noise = noise_of_first;
    noise.counter += uint64_t(place.t);
    r.act(place.t, observation, mask, action.action, action.choice, noise, place.first, place.rows);
  });
}

void RolloutWrap::record(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("record");
    const auto& [reward, terminated, truncated, final_observation] = recording_;
    const Place place(r, info, reward);
    r.record(place.t, reward, terminated, truncated, final_observation, place.first, place.rows);
  });
}

void RolloutWrap::finish(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("finish");
    r.finish(floats(info[0], "observation", int64_t(r.environments()) * wrap_->model("finish").observation_size()));
  });
}

}  // namespace torsor
