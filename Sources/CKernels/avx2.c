// The kernels for processors with 256-bit vectors and fused multiply-add.
#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#define VARIANT(name) odoroki_avx2_##name
#include "variant.h"
#pragma clang attribute pop
#endif
