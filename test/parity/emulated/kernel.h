// Included ahead of every *.cu: from here on the host's compiler reads what nvcc would.
#pragma once
#include <cuda_runtime.h>

#define __CUDACC__
