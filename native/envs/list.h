// All native environments. A new one is a header beside this one and its name here.
#pragma once
#include "acrobot.h"
#include "cartpole.h"
#include "masked.h"
#include "math/list.h"
#include "mountain_car.h"
#include "navigation.h"
#include "pendulum.h"
#include "repeat_previous.h"

namespace torsor::TORSOR_ISA {

using Environments =
    List<CartPole, Pendulum, MountainCar, MountainCarContinuous, Acrobot, CartPoleMasked, PendulumMasked,
         RepeatPrevious1, RepeatPrevious2, RepeatPrevious4, RepeatPrevious8, Navigation1, Navigation4>;

}  // namespace torsor::TORSOR_ISA
