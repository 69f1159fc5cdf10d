// Functions over arrays, compiled once per instruction set. See device/functions.h.
#include "device/cpu/vector.h"
#include "device/functions.h"
#include "math/categorical.h"
#include "math/functions.h"
#include "program/noise.h"

namespace torsor::TORSOR_ISA {

// Lane by lane: speed is not the point here, running the very lanes of the kernels is.
template <class N, class F> static void apply_function(F, const FunctionIO<Scalar<N>>& io) {
  for (int64_t first = 0; first < io.count; first += lanes<N>) {
    N x[max_function_arrays], y[max_function_arrays];
    for (int k = 0; k < F::inputs; k++)
      for (int i = 0; i < lanes<N>; i++) {
        const int64_t at = first + i < io.count ? first + i : io.count - 1;
        lane(x[k], i) = io.in[k][at * io.step[k]];
      }
    F::template f<N>(x, y);
    for (int k = 0; k < F::outputs; k++)
      for (int i = 0; i < lanes<N> && first + i < io.count; i++)
        if (io.out[k]) io.out[k][first + i] = lane(y[k], i);
  }
}

template <class N> static void apply_any(bool activation, int index, const FunctionIO<Scalar<N>>& io) {
  if (activation)
    Activations::visit(index, [&](auto a) { apply_function<N>(ActivationFunction<decltype(a)>{}, io); });
  else
    Functions::visit(index, [&](auto f) { apply_function<N>(f, io); });
}

template <class N>
static void make_noise(NoiseKind kind, const Noise& noise, int64_t rows, int64_t width, Scalar<N>* out) {
  for (int64_t row = 0; row < rows; row += lanes<N>) {
    Uint<N> number = splat_bits<N>(uint32_t(row));
    for (int i = 0; i < lanes<N>; i++) reinterpret_cast<uint32_t*>(&number)[i] += uint32_t(i);
    for (int64_t block = 0; block * 4 < width; block++) {
      const PhiloxBlock<N> words = noise_block<N>(noise, number, uint32_t(block));
      const Uint<N>* const w = words.word;
      N value[4];
      for (int k = 0; k < 4; k += 2) {
        if (kind == NoiseKind::normal)
          normal_pair<N>(w[k], w[k + 1], value[k], value[k + 1]);
        else
          for (int j = k; j < k + 2; j++) value[j] = kind == NoiseKind::gumbel ? gumbel<N>(w[j]) : uniform<N>(w[j]);
      }
      for (int k = 0; k < 4 && block * 4 + k < width; k++)
        for (int i = 0; i < lanes<N> && row + i < rows; i++) out[(row + i) * width + block * 4 + k] = lane(value[k], i);
    }
  }
}

}  // namespace torsor::TORSOR_ISA

// Doubles go one by one, whatever the instruction set: compiled with the baseline alone.
namespace torsor::baseline {

void apply_to_doubles(bool activation, int index, const FunctionIO<double>&);
void make_noise_of_doubles(NoiseKind, const Noise&, int64_t rows, int64_t width, double* out);

#ifndef __AVX2__
void apply_to_doubles(bool activation, int index, const FunctionIO<double>& io) {
  apply_any<double>(activation, index, io);
}
void make_noise_of_doubles(NoiseKind kind, const Noise& noise, int64_t rows, int64_t width, double* out) {
  make_noise<double>(kind, noise, rows, width, out);
}
#endif

}  // namespace torsor::baseline

namespace torsor::TORSOR_ISA {

#define TORSOR_STRING_(x) #x
#define TORSOR_STRING(x) TORSOR_STRING_(x)

extern const FunctionKernels function_table;
const FunctionKernels function_table = {TORSOR_STRING(TORSOR_ISA), apply_any<Vector>, baseline::apply_to_doubles,
                                        make_noise<Vector>, baseline::make_noise_of_doubles};

}  // namespace torsor::TORSOR_ISA
