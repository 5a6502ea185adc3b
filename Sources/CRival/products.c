// The benchmark's limit for matrix products: the library called from C, without anything around it.
#include "CRival.h"

typedef void product(
    const char *, const char *, const int *, const int *, const int *, const void *, const void *,
    const int *, const void *, const int *, const void *, void *, const int *);

void rival_products(
    const void *gemm, int is_double, int n, long count, const void *a, const void *b, void *c) {
  product *call = (product *)gemm;
  const float one = 1, zero = 0;
  const double wide_one = 1, wide_zero = 0;
  // Columns of Fortran are rows of C: the transposed product has its factors exchanged.
  for (long i = 0; i < count; i++)
    if (is_double)
      call("N", "N", &n, &n, &n, &wide_one, b, &n, a, &n, &wide_zero, c, &n);
    else
      call("N", "N", &n, &n, &n, &one, b, &n, a, &n, &zero, c, &n);
}
