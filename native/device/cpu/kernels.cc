// Picks the instruction set: AVX-512 (v4), AVX2 + FMA (v3), or what every machine of the architecture has.
#include "device/kernels.h"

#include <cstdlib>
#include <cstring>

namespace torsor {

namespace baseline {
extern const Kernels kernel_table;
}
#ifdef __x86_64__
namespace v3 {
extern const Kernels kernel_table;
}
namespace v4 {
extern const Kernels kernel_table;
}
#endif

static const Kernels& choose_kernels() {
#ifdef __x86_64__
  const char* wanted = std::getenv("TORSOR_SIMD");
  const auto allowed = [&](const char* name) { return !wanted || !std::strcmp(wanted, name); };
  if (allowed("v4") && __builtin_cpu_supports("x86-64-v4")) return v4::kernel_table;
  if ((allowed("v3") || (wanted && !std::strcmp(wanted, "v4"))) && __builtin_cpu_supports("x86-64-v3"))
    return v3::kernel_table;
#endif
  return baseline::kernel_table;
}

const Kernels& kernels() {
  static const Kernels& chosen = choose_kernels();
  return chosen;
}

}  // namespace torsor
