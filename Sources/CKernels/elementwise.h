// Functions applied entry by entry, and one step of Adam.
#define MAP(expression)                                  \
  do {                                                   \
    long i = 0;                                          \
    for (; i + LANES <= count; i += LANES) {             \
      V v = F(load)(x + i);                              \
      F(store)(y + i, expression);                       \
    }                                                    \
    if (i < count) {                                     \
      V v = F(load_part)(x + i, count - i, 1);           \
      F(store_part)(y + i, expression, count - i);       \
    }                                                    \
  } while (0)

static void F(unary)(enum odoroki_unary function, long count, const void *from, void *to) {
  const REAL *x = from;
  REAL *y = to;
  V zero = F(splat)(0), one = F(splat)(1);
  switch (function) {
    case ODOROKI_NEGATE: MAP(-v); break;
    case ODOROKI_ABSOLUTE: MAP(F(size)(v)); break;
    case ODOROKI_SIGN: MAP(F(choose)(v > 0, one, F(choose)(v < 0, -one, v))); break;
    case ODOROKI_HEAVISIDE:
      MAP(F(choose)(
          v > 0, one, F(choose)(v == 0, F(splat)((REAL)0.5), F(choose)(v < 0, zero, v))));
      break;
    case ODOROKI_EXP: MAP(F(exponential)(v)); break;
    case ODOROKI_LOG: MAP(F(logarithm)(v)); break;
    case ODOROKI_SQRT: MAP(__builtin_elementwise_sqrt(v)); break;
    case ODOROKI_RECIPROCAL: MAP(1 / v); break;
    case ODOROKI_TANH: MAP(F(hyperbolic_tangent)(v)); break;
    case ODOROKI_SIGMOID: MAP(F(logistic)(v)); break;
    case ODOROKI_SOFTPLUS: MAP(F(softplus)(v)); break;
    case ODOROKI_RELU: MAP(F(choose)(v <= 0, zero, v)); break;
    case ODOROKI_ERF: MAP(F(error_function)(v)); break;
  }
}

#define PAIRS_OF(load_a, part_a, load_b, part_b, expression) \
  do {                                                       \
    long i = 0;                                              \
    for (; i + LANES <= count; i += LANES) {                 \
      V u = load_a, v = load_b;                              \
      F(store)(y + i, expression);                           \
    }                                                        \
    if (i < count) {                                         \
      V u = part_a, v = part_b;                              \
      F(store_part)(y + i, expression, count - i);           \
    }                                                        \
  } while (0)

#define PAIRS(expression)                                                                        \
  do {                                                                                           \
    V first = F(splat)(a[0]), second = F(splat)(b[0]);                                           \
    if (a_stride && b_stride)                                                                    \
      PAIRS_OF(                                                                                  \
          F(load)(a + i), F(load_part)(a + i, count - i, 1), F(load)(b + i),                     \
          F(load_part)(b + i, count - i, 1), expression);                                        \
    else if (a_stride)                                                                           \
      PAIRS_OF(F(load)(a + i), F(load_part)(a + i, count - i, 1), second, second, expression);   \
    else if (b_stride)                                                                           \
      PAIRS_OF(first, first, F(load)(b + i), F(load_part)(b + i, count - i, 1), expression);     \
    else                                                                                         \
      PAIRS_OF(first, first, second, second, expression);                                        \
  } while (0)

#define TRUTH(mask) (V)((mask) & (I)one)

static void F(binary)(
    enum odoroki_binary function, long count, const void *left, long a_stride, const void *right,
    long b_stride, void *to) {
  const REAL *a = left, *b = right;
  REAL *y = to;
  V one = F(splat)(1);
  if (count <= 0) return;
  switch (function) {
    case ODOROKI_ADD: PAIRS(u + v); break;
    case ODOROKI_SUBTRACT: PAIRS(u - v); break;
    case ODOROKI_MULTIPLY: PAIRS(u * v); break;
    case ODOROKI_DIVIDE: PAIRS(u / v); break;
    case ODOROKI_MINIMUM: PAIRS(F(choose)((v < u) | (v != v), v, u)); break;
    case ODOROKI_MAXIMUM: PAIRS(F(larger)(u, v)); break;
    case ODOROKI_LESS: PAIRS(TRUTH(u < v)); break;
    case ODOROKI_LESS_OR_EQUAL: PAIRS(TRUTH(u <= v)); break;
    case ODOROKI_EQUAL: PAIRS(TRUTH(u == v)); break;
    case ODOROKI_NOT_EQUAL: PAIRS(TRUTH(u != v)); break;
  }
}

static void F(adam)(
    long count, struct odoroki_adam step, const void *gradient, void *parameters, void *mean,
    void *square) {
  const REAL *g = gradient;
  REAL *p = parameters, *m = mean, *v = square;
  REAL beta1 = (REAL)step.beta1, rest1 = (REAL)(1 - step.beta1);
  REAL beta2 = (REAL)step.beta2, rest2 = (REAL)(1 - step.beta2);
  REAL rate = (REAL)(step.rate / step.correction1), inverse = (REAL)(1 / step.correction2);
  REAL epsilon = (REAL)step.epsilon;
  for (long i = 0; i < count; i += LANES) {
    long rest = count - i;
    V slope, first, second, old;
    if (rest >= LANES) {
      slope = F(load)(g + i), first = F(load)(m + i), second = F(load)(v + i);
      old = F(load)(p + i);
    } else {
      slope = F(load_part)(g + i, rest, 0), first = F(load_part)(m + i, rest, 0);
      second = F(load_part)(v + i, rest, 0), old = F(load_part)(p + i, rest, 0);
    }
    first = first * beta1 + slope * rest1;
    second = second * beta2 + slope * slope * rest2;
    old -= first * rate / (__builtin_elementwise_sqrt(second * inverse) + epsilon);
    if (rest >= LANES) {
      F(store)(m + i, first), F(store)(v + i, second), F(store)(p + i, old);
    } else {
      F(store_part)(m + i, first, rest), F(store_part)(v + i, second, rest);
      F(store_part)(p + i, old, rest);
    }
  }
}

#undef MAP
#undef PAIRS
#undef PAIRS_OF
#undef TRUTH
