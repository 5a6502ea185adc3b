// All kernels of one kind of processor: the same text for `float` and for `double`.
//
// Wants VECTOR_BYTES, the width of a vector; TILE_ROWS, the rows of C that a product keeps in
// registers; VARIANT, which names the tables.
#define INLINE static inline __attribute__((always_inline))

#define REAL float
#define BITS int32_t
#define IS_DOUBLE 0
#define F(name) name##_f32
#define TABLE VARIANT(f32)
#include "kernels-of-type.h"
#undef REAL
#undef BITS
#undef IS_DOUBLE
#undef F
#undef TABLE

#define REAL double
#define BITS int64_t
#define IS_DOUBLE 1
#define F(name) name##_f64
#define TABLE VARIANT(f64)
#include "kernels-of-type.h"
