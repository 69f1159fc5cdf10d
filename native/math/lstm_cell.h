// One unit of an LSTM cell (Hochreiter and Schmidhuber 1997, forget gate of Gers et al. 2000), gates in the order i, f, g, o:
//   c' = sigmoid(f) c + sigmoid(i) tanh(g),   h' = sigmoid(o) tanh(c').
#pragma once
#include "fast.h"

namespace torsor::TORSOR_ISA {

// The gates after their activations.
template <class N> struct LstmGates {
  N i, f, g, o;
};

template <class N> HD LstmGates<N> lstm_gates(N i, N f, N g, N o) {
  return {sigmoid(i), sigmoid(f), tanh_of(g), sigmoid(o)};
}

template <class N> struct LstmCell {
  N c, tanh_c, h;
};

template <class N> HD LstmCell<N> lstm_cell(const LstmGates<N>& gate, N c) {
  const N next = gate.f * c + gate.i * gate.g, squashed = tanh_of(next);
  return {next, squashed, gate.o * squashed};
}

// From dL/dh' and dL/dc' to the gradients of the gates before their activations and of c.
template <class N> struct LstmGradient {
  N i, f, g, o, c;
};

template <class N> HD LstmGradient<N> lstm_gradient(const LstmGates<N>& gate, N c, N tanh_c, N d_h, N d_c) {
  const N d_next = d_c + d_h * gate.o * (1 - tanh_c * tanh_c);
  return {d_next * gate.g * gate.i * (1 - gate.i), d_next * c * gate.f * (1 - gate.f),
          d_next * gate.i * (1 - gate.g * gate.g), d_h * tanh_c * gate.o * (1 - gate.o), d_next * gate.f};
}

}  // namespace torsor::TORSOR_ISA
