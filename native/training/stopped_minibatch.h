// The minibatch at which an update stopped because a number was not finite: copies for whoever looks for the cause.
#pragma once
#include <cstdint>
#include <vector>

#include "training/rollout.h"

namespace torsor {

struct StoppedMinibatch {
  // Columns are [burn_in + steps][sequences]...; during the burn-in those of the loss are 0. Without a memory every row is a sequence of one step.
  int sequences = 0, steps = 0, burn_in = 0;
  std::vector<int32_t>
      row;  // of the rollout, after its burn-in, where each sequence begins: step * environments + environment
  std::vector<float> observation, latent, log_prob, target, value;
  std::vector<float> advantage;  // as the loss takes it: normalised, corrected
  std::vector<uint8_t> mask;     // empty where there is none; all 1 during the burn-in
  std::vector<uint8_t> done;
  std::vector<float> carry;   // [sequences][carry width] before the first step; empty without a memory
  std::vector<float> weight;  // [sequences], of prioritised sampling; empty without it
};

// Sequences of `steps` steps whose burn-in begins at these rows of a column; `segment` are their numbers.
StoppedMinibatch stopped_minibatch_of(const Rollout&, const int32_t* segment, const int32_t* row, int sequences,
                                      int steps);

}  // namespace torsor
