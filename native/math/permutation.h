// A random permutation of 0 ... n - 1 as a function: no sort, no table, the same on every device and for every number of threads.
// A Feistel network permutes the next power of four, and a value that falls outside is sent through again ("cycle walking",
// Black and Rogaway 2002); fewer than four trips on average, since n is more than a quarter of the domain.
#pragma once
#include "philox.h"

namespace torsor::TORSOR_ISA {

struct Permutation {
  static constexpr int rounds = 8;
  uint32_t n, half_bits, mask, key[rounds];

  // `domain` tells permutations of one seed apart: an epoch, say.
  HD Permutation(uint32_t count, uint64_t seed, uint32_t stream, uint32_t domain) : n(count), half_bits(1) {
    while (half_bits < 16 && (uint64_t(1) << (2 * half_bits)) < n) half_bits++;
    mask = (uint32_t(1) << half_bits) - 1;
    for (uint32_t k = 0; k < rounds; k += 4) {
      const PhiloxBlock<float> block =
          philox<float>({{k, 0x5065726du, domain, stream}}, seed);  // "Perm": apart from all other noise
      for (int w = 0; w < 4; w++) key[k + w] = block.word[w];
    }
  }

  HD uint32_t once(uint32_t x) const {
    uint32_t left = x >> half_bits, right = x & mask;
    for (int round = 0; round < rounds; round++) {
      uint32_t h = (right ^ key[round]) *
                   0x7feb352du;  // the round function is an avalanche hash (Wellons' lowbias32, shortened)
      h = (h ^ h >> 15) * 0x846ca68bu;
      const uint32_t next = left ^ (h >> 16 & mask);
      left = right;
      right = next;
    }
    return left << half_bits | right;
  }

  HD uint32_t operator()(uint32_t i) const {
    do i = once(i);
    while (i >= n);
    return i;
  }
};

}  // namespace torsor::TORSOR_ISA
