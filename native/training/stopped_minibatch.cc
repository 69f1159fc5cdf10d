// See stopped_minibatch.h.
#include "training/stopped_minibatch.h"

#include <algorithm>

namespace torsor {

StoppedMinibatch stopped_minibatch_of(const Rollout& rollout, const int32_t* segment, const int32_t* row, int sequences,
                                      int steps) {
  StoppedMinibatch m;
  m.sequences = sequences;
  m.steps = steps;
  m.burn_in = rollout.burn_in();
  const Model& model = rollout.model();
  const auto gather = [&](auto& to, const auto& from, int64_t width, int first, auto before) {
    to.assign(size_t((m.burn_in + steps) * sequences * width), before);
    for (int step = first; step < m.burn_in + steps; step++)
      for (int k = 0; k < sequences; k++) {
        const auto* const source = &from[(row[k] + int64_t(step) * rollout.environments()) * width];
        std::copy_n(source, width, &to[size_t((int64_t(step) * sequences + k) * width)]);
      }
  };
  gather(m.observation, rollout.observation, model.observation_size(), 0, 0.0f);
  gather(m.done, rollout.done, 1, 0, uint8_t(0));
  gather(m.latent, rollout.latent, model.head().latent_width, m.burn_in, 0.0f);
  if (rollout.masked) gather(m.mask, rollout.mask, model.head().n, m.burn_in, uint8_t(1));
  gather(m.log_prob, rollout.log_prob, 1, m.burn_in, 0.0f);
  gather(m.advantage, rollout.advantage, 1, m.burn_in, 0.0f);
  gather(m.target, rollout.target, 1, m.burn_in, 0.0f);
  gather(m.value, rollout.value, 1, m.burn_in, 0.0f);
  const int64_t width = model.carry_width();
  for (int k = 0; k < sequences; k++) {
    m.row.push_back(row[k]);
    const float* const carry = rollout.carries.data() + segment[k] * width;
    m.carry.insert(m.carry.end(), carry, carry + width);
  }
  return m;
}

}  // namespace torsor
