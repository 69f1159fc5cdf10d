// The LSTM of cudnn.cc in float64, sequence after sequence, step after step, over arrays packed as cuDNN packs them:
//   c' = sigmoid(f) c + sigmoid(i) tanh(g),   h' = sigmoid(o) tanh(c'),   each gate W x + R h + b + b'.
#pragma once
#include <cmath>
#include <vector>

// The parts of a weight space stand in an order that nobody would guess, with a gap before each.
constexpr int gap = 3;
inline int matrix_offset(int inputs, int units, int linear) {
  const int recurrent = 4 * (units * units + gap);
  return linear >= 4 ? (7 - linear) * (units * units + gap) + gap : recurrent + linear * (units * inputs + gap) + gap;
}
inline int bias_offset(int inputs, int units, int linear) {
  return 4 * (units * units + gap) + 4 * (units * inputs + gap) + (linear ^ 1) * (units + gap) + gap;
}
inline int weight_floats(int inputs, int units) { return bias_offset(inputs, units, 6) + units; }

template <class T> struct Weights {
  int inputs, units;
  T* space;
  T& matrix(int linear, int unit, int k) const {
    return space[matrix_offset(inputs, units, linear) + unit * (linear < 4 ? inputs : units) + k];
  }
  T& bias(int linear, int unit) const { return space[bias_offset(inputs, units, linear) + unit]; }
};

inline int steps_of(const std::vector<int>& lengths) {
  int sum = 0;
  for (int length : lengths) sum += length;
  return sum;
}

// f(row of the packed arrays, that of the step before or -1, sequence, whether it is the last) for every step of every sequence.
template <class F> void each_step(const std::vector<int>& lengths, bool backwards, F f) {
  std::vector<int> start{0};
  for (int n = 0; n + 1 < lengths[0]; n++) {
    int longer = 0;
    for (int length : lengths) longer += length > n;
    start.push_back(start.back() + longer);
  }
  for (int s = 0; s < int(lengths.size()); s++)
    for (int i = 0; i < lengths[size_t(s)]; i++) {
      const int n = backwards ? lengths[size_t(s)] - 1 - i : i;
      f(start[size_t(n)] + s, n > 0 ? start[size_t(n - 1)] + s : -1, s, n + 1 == lengths[size_t(s)]);
    }
}

// Kept of every unit and step: the gates i, f, g, o, and c. Backward turns the gates into the gradients of their sums.
constexpr int kept_numbers = 5;

struct Forward {
  const float* x;
  float* y;
  const float *hx, *cx;  // null: zeros
  float *hy, *cy;        // null: not wanted
};
inline void forward(const Weights<const float>& w, const std::vector<int>& lengths, const Forward& io,
                    std::vector<double>& kept) {
  const int H = w.units, I = w.inputs;
  kept.resize(size_t(steps_of(lengths) * H * kept_numbers));
  each_step(lengths, false, [&](int row, int before, int s, bool last) {
    const float* h = before < 0 ? (io.hx ? io.hx + s * H : nullptr) : io.y + before * H;
    for (int u = 0; u < H; u++) {
      double z[4];
      for (int gate = 0; gate < 4; gate++) {
        double sum = double(w.bias(gate, u)) + w.bias(4 + gate, u);
        for (int k = 0; k < I; k++) sum += double(w.matrix(gate, u, k)) * io.x[row * I + k];
        for (int k = 0; h && k < H; k++) sum += double(w.matrix(4 + gate, u, k)) * h[k];
        z[gate] = gate == 2 ? std::tanh(sum) : 1 / (1 + std::exp(-sum));
      }
      const double c = before < 0 ? (io.cx ? io.cx[s * H + u] : 0) : kept[size_t((before * H + u) * kept_numbers + 4)];
      double* const k = &kept[size_t((row * H + u) * kept_numbers)];
      for (int gate = 0; gate < 4; gate++) k[gate] = z[gate];
      k[4] = z[1] * c + z[0] * z[2];
      io.y[row * H + u] = float(z[3] * std::tanh(k[4]));
      if (last && io.hy) io.hy[s * H + u] = io.y[row * H + u];
      if (last && io.cy) io.cy[s * H + u] = float(k[4]);
    }
  });
}

struct Backward {
  const float* dy;
  float* dx;
  const float* cx;
  const float *dhy, *dcy;  // null: zeros
  float *dhx, *dcx;
};
inline void backward(const Weights<const float>& w, const std::vector<int>& lengths, double* kept, const Backward& io) {
  const int H = w.units, I = w.inputs;
  std::vector<double> dh(size_t(H), 0), dc(size_t(H), 0);
  each_step(lengths, true, [&](int row, int before, int s, bool last) {
    for (int u = 0; u < H; u++) {
      if (last) {
        dh[size_t(u)] = io.dhy ? io.dhy[s * H + u] : 0;
        dc[size_t(u)] = io.dcy ? io.dcy[s * H + u] : 0;
      }
      double* const k = kept + (row * H + u) * kept_numbers;
      const double i = k[0], f = k[1], g = k[2], o = k[3], t = std::tanh(k[4]);
      const double c = before < 0 ? (io.cx ? io.cx[s * H + u] : 0) : kept[(before * H + u) * kept_numbers + 4];
      const double d_h = dh[size_t(u)] + io.dy[row * H + u], d_c = dc[size_t(u)] + d_h * o * (1 - t * t);
      k[0] = d_c * g * i * (1 - i);
      k[1] = d_c * c * f * (1 - f);
      k[2] = d_c * i * (1 - g * g);
      k[3] = d_h * t * o * (1 - o);
      dc[size_t(u)] = d_c * f;
    }
    const auto through = [&](int first, int column) {
      double sum = 0;
      for (int gate = 0; gate < 4; gate++)
        for (int u = 0; u < H; u++)
          sum += kept[(row * H + u) * kept_numbers + gate] * w.matrix(first + gate, u, column);
      return sum;
    };
    for (int k = 0; k < I; k++) io.dx[row * I + k] = float(through(0, k));
    for (int k = 0; k < H; k++) dh[size_t(k)] = through(4, k);
    if (before < 0)
      for (int u = 0; u < H; u++) {
        io.dhx[s * H + u] = float(dh[size_t(u)]);
        io.dcx[s * H + u] = float(dc[size_t(u)]);
      }
  });
}

// Of both biases, which are added: each has the whole gradient.
inline void add_weight_gradient(const Weights<float>& d, const std::vector<int>& lengths, const double* kept,
                                const float* x, const float* hx, const float* y) {
  const int H = d.units, I = d.inputs;
  std::vector<double> sums(size_t(weight_floats(I, H)), 0);
  const Weights<double> sum{I, H, sums.data()};
  each_step(lengths, false, [&](int row, int before, int s, bool) {
    const float* h = before < 0 ? (hx ? hx + s * H : nullptr) : y + before * H;
    for (int gate = 0; gate < 4; gate++)
      for (int u = 0; u < H; u++) {
        const double dz = kept[(row * H + u) * kept_numbers + gate];
        for (int k = 0; k < I; k++) sum.matrix(gate, u, k) += dz * x[row * I + k];
        for (int k = 0; h && k < H; k++) sum.matrix(4 + gate, u, k) += dz * h[k];
        sum.bias(gate, u) += dz;
        sum.bias(4 + gate, u) += dz;
      }
  });
  for (size_t k = 0; k < sums.size(); k++) d.space[k] += float(sums[k]);
}
