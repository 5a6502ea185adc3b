// Kernels over the rows of a matrix: softmax, standardised rows, and what is needed for gradients.

/// `y = e^{x − peak}` over a row, and the sum of it; `y` may be `x`.
INLINE REAL F(row_exponentials)(long count, const REAL *x, REAL peak, REAL *y) {
  V s0 = F(splat)(0), s1 = s0;
  long i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    V e0 = F(exponential_falling)(F(load)(x + i) - peak);
    V e1 = F(exponential_falling)(F(load)(x + i + LANES) - peak);
    F(store)(y + i, e0), F(store)(y + i + LANES, e1);
    s0 += e0, s1 += e1;
  }
  for (; i < count; i += LANES) {
    long rest = count - i;
    if (rest >= LANES) {
      V e = F(exponential_falling)(F(load)(x + i) - peak);
      F(store)(y + i, e);
      s0 += e;
    } else {
      V e = F(exponential_falling)(F(load_part)(x + i, rest, -(REAL)INFINITY) - peak);
      F(store_part)(y + i, e, rest);
      // Lanes beyond the row must not count, even where the peak is a NaN.
      s1 += (V)((I)e & F(first_lanes)(rest));
    }
  }
  return F(total)(s0 + s1);
}

static void F(softmax)(long rows, long columns, const void *from, void *to) {
  for (long row = 0; row < rows; row++) {
    const REAL *x = (const REAL *)from + row * columns;
    REAL *y = (REAL *)to + row * columns;
    REAL peak = F(row_maximum)(x, columns);
    if (peak == -(REAL)INFINITY) {
      for (long i = 0; i < columns; i++) y[i] = 0;
      continue;
    }
    REAL inverse = 1 / F(row_exponentials)(columns, x, peak, y);
    long i = 0;
    for (; i + LANES <= columns; i += LANES) F(store)(y + i, F(load)(y + i) * inverse);
    for (; i < columns; i++) y[i] *= inverse;
  }
}

static void F(log_sum_exp)(long rows, long columns, const void *from, void *to) {
  REAL *y = to;
  for (long row = 0; row < rows; row++) {
    const REAL *x = (const REAL *)from + row * columns;
    REAL peak = F(row_maximum)(x, columns);
    y[row] = peak;
    if (peak == -(REAL)INFINITY || peak == (REAL)INFINITY || peak != peak) continue;
    V s0 = F(splat)(0), s1 = s0;
    long i = 0;
    for (; i + 2 * LANES <= columns; i += 2 * LANES) {
      s0 += F(exponential_falling)(F(load)(x + i) - peak);
      s1 += F(exponential_falling)(F(load)(x + i + LANES) - peak);
    }
    for (; i < columns; i += LANES) {
      long rest = columns - i;
      V part = rest >= LANES ? F(load)(x + i) : F(load_part)(x + i, rest, -(REAL)INFINITY);
      s0 += F(exponential_falling)(part - peak);
    }
    y[row] = peak + F(logarithm)(F(splat)(F(total)(s0 + s1)))[0];
  }
}

/// `Σ a b` over a row.
INLINE REAL F(row_dot)(const REAL *a, const REAL *b, long count) {
  V s0 = F(splat)(0), s1 = s0;
  long i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    s0 = F(load)(a + i) * F(load)(b + i) + s0;
    s1 = F(load)(a + i + LANES) * F(load)(b + i + LANES) + s1;
  }
  for (; i + LANES <= count; i += LANES) s0 = F(load)(a + i) * F(load)(b + i) + s0;
  if (i < count)
    s1 = F(load_part)(a + i, count - i, 0) * F(load_part)(b + i, count - i, 0) + s1;
  return F(total)(s0 + s1);
}

static void F(softmax_gradient)(
    long rows, long columns, const void *value, const void *slope, void *to) {
  for (long row = 0; row < rows; row++) {
    const REAL *y = (const REAL *)value + row * columns, *dy = (const REAL *)slope + row * columns;
    REAL *dx = (REAL *)to + row * columns;
    REAL dot = F(row_dot)(y, dy, columns);
    long i = 0;
    for (; i + LANES <= columns; i += LANES)
      F(store)(dx + i, F(load)(y + i) * (F(load)(dy + i) - dot));
    for (; i < columns; i++) dx[i] = y[i] * (dy[i] - dot);
  }
}

/// The mean of a row, and in `scale` one over its deviation.
INLINE REAL F(row_moments)(const REAL *x, long count, double epsilon, REAL *scale) {
  REAL mean = F(row_sum)(x, count) / (REAL)count;
  V s0 = F(splat)(0), s1 = s0;
  long i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    V d0 = F(load)(x + i) - mean, d1 = F(load)(x + i + LANES) - mean;
    s0 = d0 * d0 + s0;
    s1 = d1 * d1 + s1;
  }
  for (; i < count; i += LANES) {
    long rest = count - i;
    V d = (rest >= LANES ? F(load)(x + i) : F(load_part)(x + i, rest, mean)) - mean;
    s0 = d * d + s0;
  }
  V variance = F(splat)(F(total)(s0 + s1) / (REAL)count + (REAL)epsilon);
  *scale = 1 / __builtin_elementwise_sqrt(variance)[0];
  return mean;
}

static void F(standardize)(
    long rows, long columns, double epsilon, const void *from, void *to) {
  for (long row = 0; row < rows; row++) {
    const REAL *x = (const REAL *)from + row * columns;
    REAL *y = (REAL *)to + row * columns;
    REAL scale, mean = F(row_moments)(x, columns, epsilon, &scale);
    long i = 0;
    for (; i + LANES <= columns; i += LANES) F(store)(y + i, (F(load)(x + i) - mean) * scale);
    for (; i < columns; i++) y[i] = (x[i] - mean) * scale;
  }
}

static void F(standardize_gradient)(
    long rows, long columns, double epsilon, const void *from, const void *value,
    const void *slope, void *to) {
  for (long row = 0; row < rows; row++) {
    const REAL *x = (const REAL *)from + row * columns, *y = (const REAL *)value + row * columns;
    const REAL *dy = (const REAL *)slope + row * columns;
    REAL *dx = (REAL *)to + row * columns;
    REAL scale;
    F(row_moments)(x, columns, epsilon, &scale);
    REAL first = F(row_sum)(dy, columns) / (REAL)columns;
    REAL second = F(row_dot)(y, dy, columns) / (REAL)columns;
    long i = 0;
    for (; i + LANES <= columns; i += LANES)
      F(store)(dx + i, (F(load)(dy + i) - first - F(load)(y + i) * second) * scale);
    for (; i < columns; i++) dx[i] = (dy[i] - first - y[i] * second) * scale;
  }
}
