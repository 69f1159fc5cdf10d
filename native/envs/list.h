// All native environments. A new one is a header beside this one and its name here.
#pragma once
#include "cartpole.h"
#include "math/list.h"
#include "pendulum.h"

namespace torsor::TORSOR_ISA {

using Environments = List<CartPole, Pendulum>;

}  // namespace torsor::TORSOR_ISA
