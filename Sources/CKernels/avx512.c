// The kernels for processors with 512-bit vectors.
#if defined(__x86_64__)
#include "kernels.h"

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
#define VECTOR_BYTES 64
#define TILE_ROWS 12
#define VARIANT(name) odoroki_avx512_##name
#include "variant.h"
#pragma clang attribute pop
#endif
