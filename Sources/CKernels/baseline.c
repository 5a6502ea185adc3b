// The kernels for any processor: 128-bit vectors, which every 64-bit one has.
#include "kernels.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define VECTOR_BYTES 16
#if defined(__aarch64__)
#define TILE_ROWS 8
#else
#define TILE_ROWS 6
#endif
#define VARIANT(name) odoroki_baseline_##name
#include "variant.h"
