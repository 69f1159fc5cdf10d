// DRIP, JaxDEM's decayed reward propagation: a reward counts for the steps that led to it too.
#pragma once
#include "number.h"

namespace torsor::TORSOR_ISA {

// r'_t = r_t + decay continues r'_{t+1}; `continues` is 0 where the episode ended with step t, otherwise 1.
template <class N> HD N drip_step(N reward, N next, N continues, float decay) {
  return reward + Scalar<N>(decay) * continues * next;
}

}  // namespace torsor::TORSOR_ISA
