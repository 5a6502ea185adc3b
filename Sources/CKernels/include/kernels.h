// Loops over arrays for TensorCore.
//
// The one C file of the project. Swift compiles for the oldest processor of the architecture; the
// loops here are compiled for several, and the widest that the machine has is chosen at start.
#ifndef ODOROKI_KERNELS_H
#define ODOROKI_KERNELS_H

#include <stdint.h>

/// 2 where the processor has 512-bit vectors, 1 where it has 256-bit vectors with fused
/// multiply-add, else 0.
int odoroki_vector_level(void);

#endif
