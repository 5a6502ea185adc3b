// Sums and maxima: several vectors run side by side, and their order depends on extents alone.
INLINE V F(plus)(V a, V b) { return a + b; }

/// Defines `row_NAME`, the reduction of neighbours, and `NAME`, that of the middle of three axes.
#define REDUCTION(name, combine, collapse, start)                                              \
  static REAL F(row_##name)(const REAL *x, long count) {                                       \
    V s0 = F(splat)(start), s1 = s0, s2 = s0, s3 = s0;                                         \
    long i = 0;                                                                                \
    for (; i + 4 * LANES <= count; i += 4 * LANES) {                                           \
      s0 = combine(s0, F(load)(x + i));                                                        \
      s1 = combine(s1, F(load)(x + i + LANES));                                                \
      s2 = combine(s2, F(load)(x + i + 2 * LANES));                                            \
      s3 = combine(s3, F(load)(x + i + 3 * LANES));                                            \
    }                                                                                          \
    for (; i + LANES <= count; i += LANES) s0 = combine(s0, F(load)(x + i));                   \
    if (i < count) s1 = combine(s1, F(load_part)(x + i, count - i, start));                    \
    return collapse(combine(combine(s0, s1), combine(s2, s3)));                                \
  }                                                                                            \
                                                                                               \
  static void F(name)(long outer, long extent, long inner, const void *from, void *to) {       \
    const REAL *x = from;                                                                      \
    REAL *y = to;                                                                              \
    if (inner == 1) {                                                                          \
      for (long block = 0; block < outer; block++)                                             \
        y[block] = F(row_##name)(x + block * extent, extent);                                  \
      return;                                                                                  \
    }                                                                                          \
    for (long block = 0; block < outer; block++) {                                             \
      const REAL *source = x + block * extent * inner;                                         \
      REAL *target = y + block * inner;                                                        \
      long j = 0;                                                                              \
      for (; j + 4 * LANES <= inner; j += 4 * LANES) {                                         \
        V s0 = F(splat)(start), s1 = s0, s2 = s0, s3 = s0;                                     \
        for (long k = 0; k < extent; k++) {                                                    \
          const REAL *p = source + k * inner + j;                                              \
          s0 = combine(s0, F(load)(p));                                                        \
          s1 = combine(s1, F(load)(p + LANES));                                                \
          s2 = combine(s2, F(load)(p + 2 * LANES));                                            \
          s3 = combine(s3, F(load)(p + 3 * LANES));                                            \
        }                                                                                      \
        F(store)(target + j, s0), F(store)(target + j + LANES, s1);                            \
        F(store)(target + j + 2 * LANES, s2), F(store)(target + j + 3 * LANES, s3);            \
      }                                                                                        \
      for (; j + LANES <= inner; j += LANES) {                                                 \
        V s = F(splat)(start);                                                                 \
        for (long k = 0; k < extent; k++) s = combine(s, F(load)(source + k * inner + j));     \
        F(store)(target + j, s);                                                               \
      }                                                                                        \
      if (j < inner) {                                                                         \
        V s = F(splat)(start);                                                                 \
        for (long k = 0; k < extent; k++)                                                      \
          s = combine(s, F(load_part)(source + k * inner + j, inner - j, start));              \
        F(store_part)(target + j, s, inner - j);                                               \
      }                                                                                        \
    }                                                                                          \
  }

REDUCTION(sum, F(plus), F(total), 0)
REDUCTION(maximum, F(larger), F(largest), -(REAL)INFINITY)

#undef REDUCTION
