// Explicit Runge-Kutta methods by name: their coefficients.
#pragma once
#include "list.h"

namespace torsor::TORSOR_ISA {

// Stage j is F(t + c_j h, z + h sum_{l < j} a_jl F_l) and a step gives z + h sum b_j F_j, with the error estimate h sum e_j F_j. Rows of `a`
// stand one behind the other, without the empty first.
template <int Stages> struct Coefficients {
  double c[Stages], a[Stages > 1 ? Stages*(Stages - 1) / 2 : 1], b[Stages], e[Stages];
};

// `order` is what the step control takes it for. Where `last_is_first`, the last stage is taken at the result, so it is the first of the next step
// and has no weight in this one. Without an estimate of the error there is nothing to control.

// Tsitouras 2011.
struct Tsit5 {
  static constexpr const char* name = "tsit5";
  static constexpr int stages = 7, order = 5;
  static constexpr bool last_is_first = true, estimates_error = true;
  static constexpr HD Coefficients<7> coefficients() {
    return {
        {0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1},
        {0.161,
         -0.008480655492356989,
         0.335480655492357,
         2.8971530571054935,
         -6.359448489975075,
         4.3622954328695815,
         5.325864828439257,
         -11.748883564062828,
         7.4955393428898365,
         -0.09249506636175525,
         5.86145544294642,
         -12.92096931784711,
         8.159367898576159,
         -0.071584973281401,
         -0.028269050394068383,
         0.09646076681806523,
         0.01,
         0.4798896504144996,
         1.379008574103742,
         -3.290069515436081,
         2.324710524099774},
        {0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0},
        {0.0017800110522257773, 0.0008164344596567463, -0.007880878010261994, 0.1447110071732629, -0.5823571654525552,
         0.45808210592918686, -0.015151515151515152}};
  }
};

// Dormand and Prince 1980.
struct Dopri5 {
  static constexpr const char* name = "dopri5";
  static constexpr int stages = 7, order = 5;
  static constexpr bool last_is_first = true, estimates_error = true;
  static constexpr HD Coefficients<7> coefficients() {
    return {{0, 0.2, 0.3, 0.8, 8.0 / 9, 1, 1},
            {0.2,
             0.075,
             0.225,
             44.0 / 45,
             -56.0 / 15,
             32.0 / 9,
             19372.0 / 6561,
             -25360.0 / 2187,
             64448.0 / 6561,
             -212.0 / 729,
             9017.0 / 3168,
             -355.0 / 33,
             46732.0 / 5247,
             49.0 / 176,
             -5103.0 / 18656,
             35.0 / 384,
             0,
             500.0 / 1113,
             125.0 / 192,
             -2187.0 / 6784,
             11.0 / 84},
            {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84, 0},
            {0.0008217592592592582, 0, -0.002835180193670739, 0.024652777777777746, -0.03390919811320753,
             0.02793650793650794, -0.016666666666666666}};
  }
};

// Prince and Dormand 1981.
struct Dopri8 {
  static constexpr const char* name = "dopri8";
  static constexpr int stages = 14, order = 8;
  static constexpr bool last_is_first = true, estimates_error = true;
  static constexpr HD Coefficients<14> coefficients() {
    return {{0, 0.05555555555555555, 0.08333333333333333, 0.125, 0.3125, 0.375, 0.1475, 0.465, 0.5648654513822595, 0.65,
             0.9246562776405044, 1, 1, 1},
            {0.05555555555555555,
             0.020833333333333332,
             0.0625,
             0.03125,
             0,
             0.09375,
             0.3125,
             0,
             -1.171875,
             1.171875,
             0.0375,
             0,
             0,
             0.1875,
             0.15,
             0.04791013711111111,
             0,
             0,
             0.11224871277777777,
             -0.02550567377777778,
             0.012846823888888888,
             0.01691798978729228,
             0,
             0,
             0.3878482784860432,
             0.03597736985150033,
             0.19697021421566607,
             -0.17271385234050185,
             0.0690957533591923,
             0,
             0,
             -0.6342479767288541,
             -0.16119757522460407,
             0.13865030945882525,
             0.9409286140357562,
             0.21163632648194397,
             0.1835569968390454,
             0,
             0,
             -2.4687680843155926,
             -0.29128688781630047,
             -0.026473020233117376,
             2.8478387641928005,
             0.2813873314698498,
             0.12374489986331466,
             -1.2154248173958881,
             0,
             0,
             16.672608665945774,
             0.915741828416818,
             -6.056605804357471,
             -16.00357359415618,
             14.849303086297663,
             -13.371575735289849,
             5.134182648179638,
             0.25886091643826425,
             0,
             0,
             -4.774485785489205,
             -0.4350930137770325,
             -3.0494833320722416,
             5.5779200399360995,
             6.15583158986104,
             -5.062104586736939,
             2.193926173180679,
             0.13462799865933495,
             0.8224275996265075,
             0,
             0,
             -11.658673257277664,
             -0.7576221166909362,
             0.7139735881595816,
             12.075774986890057,
             -2.127659113920403,
             1.9901662070489554,
             -0.23428647154404028,
             0.17589857770794226,
             0,
             0.041747491141530244,
             0,
             0,
             0,
             0,
             -0.05545232861123931,
             0.2393128072011801,
             0.703510669403443,
             -0.7597596138144609,
             0.6605630309222863,
             0.15818748251012332,
             -0.2381095387528628,
             0.25},
            {0.041747491141530244, 0, 0, 0, 0, -0.05545232861123931, 0.2393128072011801, 0.703510669403443,
             -0.7597596138144609, 0.6605630309222863, 0.15818748251012332, -0.2381095387528628, 0.25, 0},
            {0.012194277465176744, 0, 0, 0, 0, 0.7731539478765578, -0.07192809284993823, -1.763834521196444,
             1.787182038027448, -0.7829855527544889, 0.07877188662899604, -0.28255398319730723, 0.25, 0}};
  }
};

// Bogacki and Shampine 1989.
struct Bosh3 {
  static constexpr const char* name = "bosh3";
  static constexpr int stages = 4, order = 3;
  static constexpr bool last_is_first = true, estimates_error = true;
  static constexpr HD Coefficients<4> coefficients() {
    return {{0, 0.5, 0.75, 1},
            {0.5, 0, 0.75, 2.0 / 9, 1.0 / 3, 4.0 / 9},
            {2.0 / 9, 1.0 / 3, 4.0 / 9, 0},
            {2.0 / 9 - 7.0 / 24, 1.0 / 12, 1.0 / 9, -0.125}};
  }
};

// The trapezoid, with Euler's step inside.
struct Heun {
  static constexpr const char* name = "heun";
  static constexpr int stages = 2, order = 2;
  static constexpr bool last_is_first = false, estimates_error = true;
  static constexpr HD Coefficients<2> coefficients() { return {{0, 1}, {1}, {0.5, 0.5}, {0.5, -0.5}}; }
};

struct Midpoint {
  static constexpr const char* name = "midpoint";
  static constexpr int stages = 2, order = 2;
  static constexpr bool last_is_first = false, estimates_error = true;
  static constexpr HD Coefficients<2> coefficients() { return {{0, 0.5}, {0.5}, {0, 1}, {1, -1}}; }
};

// Ralston 1962.
struct Ralston {
  static constexpr const char* name = "ralston";
  static constexpr int stages = 2, order = 2;
  static constexpr bool last_is_first = false, estimates_error = true;
  static constexpr HD Coefficients<2> coefficients() { return {{0, 2.0 / 3}, {2.0 / 3}, {0.25, 0.75}, {0.75, -0.75}}; }
};

struct Euler {
  static constexpr const char* name = "euler";
  static constexpr int stages = 1, order = 1;
  static constexpr bool last_is_first = false, estimates_error = false;
  static constexpr HD Coefficients<1> coefficients() { return {{0}, {0}, {1}, {0}}; }
};

using Solvers = List<Tsit5, Dopri5, Dopri8, Bosh3, Heun, Midpoint, Ralston, Euler>;

// A member of the list at run time; the numbers lie in memory of the caller.
template <class S> struct Tableau {
  int stages = 0, order = 0;
  bool last_is_first = false, estimates_error = false;
  const S* numbers = nullptr;

  HD S c(int j) const { return numbers[j]; }
  HD S b(int j) const { return numbers[stages + j]; }
  HD S e(int j) const { return numbers[2 * stages + j]; }
  HD S a(int j, int l) const { return numbers[3 * stages + j * (j - 1) / 2 + l]; }
  HD int size() const { return 3 * stages + stages * (stages - 1) / 2; }
  HD int result_stages() const { return stages - last_is_first; }  // those that have a weight in the result
};

template <class S> HD Tableau<S> tableau_of(int solver, const S* numbers) {
  Tableau<S> t;
  Solvers::visit(solver, [&](auto member) {
    using M = decltype(member);
    t = {M::stages, M::order, M::last_is_first, M::estimates_error, numbers};
  });
  return t;
}

// Fills the numbers, size() of them.
template <class S> HD void write_tableau(int solver, S* numbers) {
  Solvers::visit(solver, [&](auto member) {
    constexpr int stages = decltype(member)::stages;
    constexpr auto k = decltype(member)::coefficients();
    UNROLL for (int j = 0; j < stages; j++) {
      numbers[j] = S(k.c[j]);
      numbers[stages + j] = S(k.b[j]);
      numbers[2 * stages + j] = S(k.e[j]);
    }
    UNROLL for (int j = 0; j < stages * (stages - 1) / 2; j++) numbers[3 * stages + j] = S(k.a[j]);
  });
}

}  // namespace torsor::TORSOR_ISA
