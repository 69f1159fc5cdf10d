// A random permutation of 0 ... n - 1 as a function: no sort, no table, the same on every device and for every number of threads.
// A Feistel network permutes the next power of two, and a value that falls outside is sent through again ("cycle walking",
// Black and Rogaway 2002); fewer than two trips on average, since n is more than half of the domain.
#pragma once
#include "philox.h"

namespace torsor::TORSOR_ISA {

struct Permutation {
  static constexpr int rounds = 6;
  uint32_t n, low_bits, low_mask, high_mask, key[8];

  // `domain` tells permutations of one seed apart: an epoch, say.
  HD Permutation(uint32_t count, uint64_t seed, uint32_t stream, uint32_t domain) : n(count) {
    uint32_t bits = 2;
    while (bits < 32 && (uint64_t(1) << bits) < n) bits++;
    low_bits = bits / 2;
    low_mask = (uint32_t(1) << low_bits) - 1;
    high_mask = (uint32_t(1) << (bits - low_bits)) - 1;
    for (uint32_t k = 0; k < 8; k += 4) {
      const PhiloxBlock<float> block =
          philox<float>({{k, 0x5065726du, domain, stream}}, seed);  // "Perm": apart from all other noise
      for (int w = 0; w < 4; w++) key[k + w] = block.word[w];
    }
  }

  // The round function is an avalanche hash (Wellons' lowbias32, shortened).
  HD uint32_t hash(uint32_t x, int round) const {
    uint32_t h = (x ^ key[round]) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return h >> 16;
  }

  // Each half in turn takes a function of the other: invertible whatever the function.
  HD uint32_t once(uint32_t x) const {
    uint32_t high = x >> low_bits, low = x & low_mask;
    for (int round = 0; round < rounds; round += 2) {
      high ^= hash(low, round) & high_mask;
      low ^= hash(high, round + 1) & low_mask;
    }
    return high << low_bits | low;
  }

  HD uint32_t operator()(uint32_t i) const {
    do i = once(i);
    while (i >= n);
    return i;
  }
};

// Segments of `length` steps, numbered first over the environments, then in time: the row [time][environments] where one starts.
HD int32_t first_row(int32_t segment, int length, int environments) {
  return int32_t(int64_t(segment / environments) * length * environments + segment % environments);
}

}  // namespace torsor::TORSOR_ISA
