// Which kernels fit the processor.
#include "kernels.h"

extern const struct odoroki_kernels odoroki_baseline_f32, odoroki_baseline_f64;
#if defined(__x86_64__)
extern const struct odoroki_kernels odoroki_avx2_f32, odoroki_avx2_f64;
extern const struct odoroki_kernels odoroki_avx512_f32, odoroki_avx512_f64;
#endif

int odoroki_vector_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (fused && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return 2;
  if (fused) return 1;
#endif
  return 0;
}

const struct odoroki_kernels *odoroki_kernels_f32(int level) {
  if (level < 0 || level > odoroki_vector_level()) return 0;
#if defined(__x86_64__)
  if (level == 2) return &odoroki_avx512_f32;
  if (level == 1) return &odoroki_avx2_f32;
#endif
  return &odoroki_baseline_f32;
}

const struct odoroki_kernels *odoroki_kernels_f64(int level) {
  if (level < 0 || level > odoroki_vector_level()) return 0;
#if defined(__x86_64__)
  if (level == 2) return &odoroki_avx512_f64;
  if (level == 1) return &odoroki_avx2_f64;
#endif
  return &odoroki_baseline_f64;
}
