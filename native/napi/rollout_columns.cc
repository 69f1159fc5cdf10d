// What is read from a rollout and written to it: its columns, and what goes on from one to the next.
#include <cstring>

#include "napi/rollout.h"

namespace torsor {

void RolloutWrap::read(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Rollout& r = idle("read");
    const std::string column = text(info[0], "column");
    // The rows of this rollout, of `width` numbers each, without those of the burn-in.
    const auto copy = [&](const auto& from, int64_t width = 1) {
      const int64_t first = r.start() * width, count = r.size() * width;
      float* to = floats(info[1], "target", count);
      for (int64_t k = 0; k < count; k++) to[k] = float(from[first + k]);
    };
    if (column == "observation")
      copy(r.observation, r.model().observation_size());
    else if (column == "latent")
      copy(r.latent, r.model().head().latent_width);
    else if (column == "log_prob")
      copy(r.log_prob);
    else if (column == "value")
      copy(r.value);
    else if (column == "reward")
      copy(r.reward);
    else if (column == "terminated")
      copy(r.terminated);
    else if (column == "truncated")
      copy(r.truncated);
    else if (column == "advantage")
      copy(r.advantage);
    else if (column == "return")
      copy(r.target);
    else
      throw Error("UNKNOWN_NAME",
                  "column: expected observation, latent, log_prob, value, reward, terminated, truncated, advantage or "
                  "return, got '" +
                      column + "'");
  });
}

void RolloutWrap::write(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("write");
    const std::string column = text(info[0], "column");
    const auto copy = [&](auto& to, int64_t first, int64_t count) {
      const float* from = floats(info[1], "source", count);
      for (int64_t k = 0; k < count; k++) to[first + k] = from[k];
    };
    const auto rows = [&](auto& to, int64_t width = 1) { copy(to, r.start() * width, r.size() * width); };
    if (column == "observation")
      rows(r.observation, r.model().observation_size());
    else if (column == "latent")
      rows(r.latent, r.model().head().latent_width);
    else if (column == "log_prob")
      rows(r.log_prob);
    else if (column == "value")
      rows(r.value);
    else if (column == "reward")
      rows(r.reward);
    else if (column == "terminated") {
      rows(r.terminated);
      for (int64_t k = r.start(); k < r.start() + r.size(); k++) r.done[k] = r.terminated[k] || r.truncated[k];
    } else if (column == "last_value")
      copy(r.last_value, 0, r.last_value.size());
    else if (column == "carries")
      copy(r.carries, 0, r.carries.size());
    else
      throw Error("UNKNOWN_NAME",
                  "column: expected observation, latent, log_prob, value, reward, terminated, last_value or carries, "
                  "got '" +
                      column + "'");
  });
}

void RolloutWrap::read_carry(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Rollout& r = idle("readCarry");
    std::memcpy(floats(info[0], "target", r.carry.size()), r.carry.data(), sizeof(float) * r.carry.size());
  });
}

void RolloutWrap::write_carry(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("writeCarry");
    std::memcpy(r.carry.data(), floats(info[0], "carry", r.carry.size()), sizeof(float) * r.carry.size());
  });
}

// Numbers of carry that a burn-in keeps.
static int64_t kept_carry(const Rollout& r) { return r.burn_in() ? r.carry.size() : 0; }

void RolloutWrap::read_burn_in(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Rollout& r = idle("readBurnIn");
    r.read_burn_in(floats(info[0], "observation", r.start() * r.model().observation_size()),
                   bytes(info[1], "done", r.start()), floats(info[2], "carry", kept_carry(r)));
  });
}

void RolloutWrap::write_burn_in(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("writeBurnIn");
    r.write_burn_in(floats(info[0], "observation", r.start() * r.model().observation_size()),
                    bytes(info[1], "done", r.start()), floats(info[2], "carry", kept_carry(r)));
  });
}

// [count, mean, variance, return of every environment]
void RolloutWrap::read_scaling(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Rollout& r = idle("readScaling");
    double* const to = doubles(info[0], "target", 3 + r.environments());
    const RunningMoments& moments = r.scaling[0].returns;
    to[0] = moments.count;
    to[1] = moments.mean;
    to[2] = moments.variance;
    std::memcpy(to + 3, r.returns.data(), sizeof(double) * r.environments());
  });
}

void RolloutWrap::write_scaling(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Rollout& r = idle("writeScaling");
    const double* const from = doubles(info[0], "scaling", 3 + r.environments());
    r.scaling[0] = scalar::scaling_of({from[0], from[1], from[2]});
    std::memcpy(r.returns.data(), from + 3, sizeof(double) * r.environments());
  });
}

}  // namespace torsor
