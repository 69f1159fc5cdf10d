// Picks the instruction set: AVX-512 (v4), AVX2 + FMA (v3), or what every machine of the architecture has.
#include "device/kernels.h"

#include <cstdlib>
#include <cstring>

#include "device/training.h"

namespace torsor {

namespace baseline {
extern const Kernels kernel_table;
extern const TrainingKernels training_table;
}  // namespace baseline
#ifdef __x86_64__
namespace v3 {
extern const Kernels kernel_table;
extern const TrainingKernels training_table;
}  // namespace v3
namespace v4 {
extern const Kernels kernel_table;
extern const TrainingKernels training_table;
}  // namespace v4
#endif

struct Tables {
  const Kernels& kernels;
  const TrainingKernels& training;
};

static Tables choose_tables() {
#ifdef __x86_64__
  const char* wanted = std::getenv("TORSOR_SIMD");
  const auto allowed = [&](const char* name) { return !wanted || !std::strcmp(wanted, name); };
  if (allowed("v4") && __builtin_cpu_supports("x86-64-v4")) return {v4::kernel_table, v4::training_table};
  if ((allowed("v3") || (wanted && !std::strcmp(wanted, "v4"))) && __builtin_cpu_supports("x86-64-v3"))
    return {v3::kernel_table, v3::training_table};
#endif
  return {baseline::kernel_table, baseline::training_table};
}

static const Tables& tables() {
  static const Tables chosen = choose_tables();
  return chosen;
}

const Kernels& kernels() { return tables().kernels; }
const TrainingKernels& training_kernels() { return tables().training; }

}  // namespace torsor
