// The functions of the instruction set that the kernels use.
#include "device/functions.h"

#include <cstring>

#include "device/kernels.h"

namespace torsor {

namespace baseline {
extern const FunctionKernels function_table;
}
#ifdef __x86_64__
namespace v3 {
extern const FunctionKernels function_table;
}
namespace v4 {
extern const FunctionKernels function_table;
}
static const FunctionKernels* const sets[] = {&v3::function_table, &v4::function_table};
#endif

const FunctionKernels& function_kernels() {
#ifdef __x86_64__
  for (const FunctionKernels* table : sets)
    if (!std::strcmp(table->set, kernels().name)) return *table;
#endif
  return baseline::function_table;
}

}  // namespace torsor
