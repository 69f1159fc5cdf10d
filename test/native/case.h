// A program, built for both sides, and what a call of it reads: `rows` rows from `first` on at `steps` steps, of arrays that hold some more.
#pragma once
#include "comparison.h"
#include "programs.h"

namespace torsor::test {

// Memory aligned as the CPU kernels want it.
class Aligned {
 public:
  explicit Aligned(size_t count) : memory_(count + 16) {}
  float* data() { return memory_.data() + (64 - reinterpret_cast<uintptr_t>(memory_.data()) % 64) / 4; }

 private:
  Floats memory_;
};

struct Case {
  Case(const Sample&, int rows, int steps, Random&);
  Case(const Case&) = delete;

  std::string name;
  int rows, steps;
  int first, places;       // first of the rows; rows of the arrays, per step
  double share_of_blocks;  // blocks per tile of a launch
  bool columns_in_global_memory;
  bool discrete;
  BijectorChain chain{};
  Floats constants;
  Program inference, training;
  bool inputs_gradient;        // of the observation and of the carry
  int width, n, latent_width;  // of observation, action or logits, latent
  Floats parameters, observation, carry;
  Floats latent, action, log_prob;  // sampled
  Flags mask, done;
  Places index, carry_index;  // different places of the rows
  Aligned arena, packed, transposed;
  Noise noise;

  int all() const { return places * steps; }

 private:
  void sample();
};

// The arrays of a call of the case. The CPU kernels take the case's own parameters, which lie as they want them.
class Side : public Arrays {
 public:
  Side(Case& c, bool device) : Arrays(device), case_(c) {}
  const float* parameters() { return device() ? input("parameters", case_.parameters) : case_.arena.data(); }
  const float* packed() { return device() ? nullptr : case_.packed.data(); }
  const float* packed_transposed() { return device() ? nullptr : case_.transposed.data(); }
  // With constants where the side can read them.
  Program program(const Program& p) {
    Program copy = p;
    copy.constants = input("constants", case_.constants);
    return copy;
  }

 private:
  Case& case_;
};

}  // namespace torsor::test
