// Vectors of one number type: loading, storing, choosing.
typedef REAL F(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef BITS F(lanes) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL F(unaligned)
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));

#define V F(vector)
#define I F(lanes)
#define LANES ((long)(VECTOR_BYTES / sizeof(REAL)))

INLINE V F(load)(const REAL *p) { return *(const F(unaligned) *)p; }
INLINE void F(store)(REAL *p, V v) { *(F(unaligned) *)p = v; }
INLINE V F(splat)(REAL x) { return x - (V){}; }
INLINE I F(splat_bits)(BITS x) { return x - (I){}; }

/// `mask ? a : b`, lane by lane; a mask's lanes are all ones or all zeros.
INLINE V F(choose)(I mask, V a, V b) { return (V)((mask & (I)a) | (~mask & (I)b)); }

/// The mask of the first `count` lanes.
INLINE I F(first_lanes)(long count) {
  I index;
  for (int lane = 0; lane < LANES; lane++) index[lane] = lane;
  return index < F(splat_bits)((BITS)count);
}

/// The lanes of `mask`, which are the first `count`, and zeros after them; reads nothing else.
INLINE V F(load_lanes)(const REAL *p, I mask, long count) {
  (void)mask, (void)count;
#if VECTOR_BYTES == 32 && IS_DOUBLE
  return _mm256_maskload_pd(p, (__m256i)mask);
#elif VECTOR_BYTES == 32
  return _mm256_maskload_ps(p, (__m256i)mask);
#elif VECTOR_BYTES == 64 && IS_DOUBLE
  return _mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), p);
#elif VECTOR_BYTES == 64
  return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#else
  V v = {};
  for (long lane = 0; lane < LANES; lane++)
    if (lane < count) v[lane] = p[lane];
  return v;
#endif
}

/// The first `count` lanes, and `fill` after them.
INLINE V F(load_part)(const REAL *p, long count, REAL fill) {
  I mask = F(first_lanes)(count);
  return F(choose)(mask, F(load_lanes)(p, mask, count), F(splat)(fill));
}

/// Stores the first `count` lanes. Masked stores are slow on some processors, hence in pieces.
INLINE void F(store_part)(REAL *p, V v, long count) {
#if VECTOR_BYTES == 64 && IS_DOUBLE
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << count) - 1), v);
#elif VECTOR_BYTES == 64
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
#elif VECTOR_BYTES == 32 && IS_DOUBLE
  if (count >= LANES) {
    F(store)(p, v);
    return;
  }
  __m128d low = _mm256_castpd256_pd128(v);
  if (count & 2) {
    _mm_storeu_pd(p, low);
    p += 2;
    low = _mm256_extractf128_pd(v, 1);
  }
  if (count & 1) _mm_store_sd(p, low);
#elif VECTOR_BYTES == 32
  if (count >= LANES) {
    F(store)(p, v);
    return;
  }
  __m128 low = _mm256_castps256_ps128(v);
  if (count & 4) {
    _mm_storeu_ps(p, low);
    p += 4;
    low = _mm256_extractf128_ps(v, 1);
  }
  if (count & 2) {
    _mm_storel_pi((__m64 *)p, low);
    p += 2;
    low = _mm_movehl_ps(low, low);
  }
  if (count & 1) _mm_store_ss(p, low);
#else
  for (long lane = 0; lane < LANES; lane++)
    if (lane < count) p[lane] = v[lane];
#endif
}

/// The lanes added up in halves.
INLINE REAL F(total)(V v) {
  for (int half = (int)LANES / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; lane++) v[lane] += v[lane + half];
  return v[0];
}

/// The larger one lane by lane; a NaN wins.
INLINE V F(larger)(V a, V b) { return F(choose)((b > a) | (b != b), b, a); }

/// The largest lane; a NaN wins.
INLINE REAL F(largest)(V v) {
  REAL peak = v[0];
  for (int lane = 1; lane < LANES; lane++)
    peak = v[lane] > peak || v[lane] != v[lane] ? v[lane] : peak;
  return peak;
}
