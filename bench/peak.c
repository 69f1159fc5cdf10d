// The most multiply-adds one thread can do: chains of FMA in registers, long and many enough to hide their latency. Prints GFLOP/s.
#include <stdio.h>
#include <time.h>

enum { chains = 12 };  // latency 4 x 2 units, and some; more would not fit 16 registers

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

#define PEAK(lanes)                                                                              \
  static double peak##lanes(void) {                                                              \
    typedef float vector __attribute__((vector_size(4 * lanes)));                                \
    const long rounds = 4000000;                                                                 \
    vector a[chains];                                                                            \
    for (int i = 0; i < chains; i++) a[i] = (vector){0} + 0.5f + 0.001f * i;                     \
    const vector m = (vector){0} + 0.999f, c = (vector){0} + 0.0003f;                            \
    const double start = now();                                                                  \
    for (long k = 0; k < rounds; k++) {                                                          \
      _Pragma("GCC unroll 16") for (int i = 0; i < chains; i++) a[i] = a[i] * m + c;             \
      __asm__ volatile("" ::: "memory");                                                         \
    }                                                                                            \
    const double seconds = now() - start;                                                        \
    volatile float sink = 0;                                                                     \
    for (int i = 0; i < chains; i++) sink += a[i][0];                                            \
    return 2.0 * lanes * chains * rounds / seconds / 1e9;                                        \
  }

PEAK(4) PEAK(8) PEAK(16)

int main(void) {
  double best = 0;
  for (int round = 0; round < 5; round++) {
    const double peaks[] = {peak4(), peak8(), peak16()};
    for (int i = 0; i < 3; i++) best = peaks[i] > best ? peaks[i] : best;
  }
  printf("%.1f\n", best);
}
