// All native environments. A new one is a header beside this one and its name here.
#pragma once
#include "cartpole.h"
#include "masked.h"
#include "math/list.h"
#include "pendulum.h"
#include "repeat_previous.h"

namespace torsor::TORSOR_ISA {

using Environments = List<CartPole, Pendulum, CartPoleMasked, PendulumMasked, RepeatPrevious1, RepeatPrevious2,
                          RepeatPrevious4, RepeatPrevious8>;

}  // namespace torsor::TORSOR_ISA
