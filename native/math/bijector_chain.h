// What a chain of bijectors is, as plain data: the same for every instruction set and device.
#pragma once
#include <cstdint>

namespace torsor {

constexpr int max_bijectors = 8;

struct BijectorStep {
  int kind;        // index in Bijectors
  int inverse;     // 1: the bijector is used backwards
  int parameters;  // offset of its first parameter in the table of constants
  int size;        // dimensions that it takes as one event, where it mixes them: each group of so many by itself
};

// Applied in the order step[0], step[1], … Parameter p of a step for dimension d is constants[step.parameters + p *
// dims + d].
struct BijectorChain {
  BijectorStep step[max_bijectors];
  int length, dims;
  int vector;    // 1: some step mixes dimensions
  int size;      // then groups of so many dimensions do not depend on each other
  int constant;  // 1: log |det J| does not depend on x
};

}  // namespace torsor
