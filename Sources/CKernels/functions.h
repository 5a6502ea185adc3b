// Elementary functions of a vector.
//
// exp: x = n ln 2 + r with |r| ≤ ln 2 / 2, a polynomial in r (near-minimax, by Chebyshev series),
// and 2ⁿ put together from exponent bits. log: fdlibm's e_log.c series in f / (2 + f). tanh and the
// logistic function stand on exp and on exp − 1. erf: x P(x²) below 1, above it 1 − e^{−x²} Q(t)
// with t = 1 / (x + c), where a relative error in the second term hardly counts.
//
// The tests hold exp and log to 1.5 units in the last place, the others to 3.
// Products and sums may be fused; nothing here depends on whether they are.

/// A polynomial by Horner's rule, the highest coefficient first.
#define HORNER(x, ...) F(horner)(x, (const REAL[]){__VA_ARGS__}, \
                                 sizeof((const REAL[]){__VA_ARGS__}) / sizeof(REAL))

INLINE V F(horner)(V x, const REAL *coefficients, unsigned long count) {
  V sum = F(splat)(coefficients[0]);
#pragma clang loop unroll(full)
  for (unsigned long k = 1; k < count; k++) sum = sum * x + coefficients[k];
  return sum;
}

#if IS_DOUBLE
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define ROUNDER 0x1.8p52
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 1.90821492927058770002e-10
#define EXP_LARGEST 710.0
#define EXP_SMALLEST -746.0
#define EXP_NORMAL -708.0
#else
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define ROUNDER 0x1.8p23f
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 1.42860677e-6f
#define EXP_LARGEST 89.0f
#define EXP_SMALLEST -104.0f
#define EXP_NORMAL -87.0f
#endif

/// The sign bits of `from` on the sizes of `x`.
INLINE V F(with_sign)(V x, V from) {
  I sign = (I)F(splat)((REAL)-0.0);
  return (V)(((I)x & ~sign) | ((I)from & sign));
}

INLINE V F(size)(V x) { return (V)((I)x & ~(I)F(splat)((REAL)-0.0)); }

/// The nearest whole number, for sizes below 2²¹.
INLINE V F(whole)(V x) { return (x + ROUNDER) - ROUNDER; }

/// 2ⁿ for whole n of a normal number.
INLINE V F(power_of_two)(V n) {
  I bits = (I)(n + ROUNDER) - (I)F(splat)(ROUNDER);
  return (V)((bits + EXPONENT_BIAS) << MANTISSA_BITS);
}

/// `e^r − 1` for |r| ≤ ln 2 / 2.
INLINE V F(exp_minus_one_near_zero)(V r) {
#if IS_DOUBLE
  V p = HORNER(
      r, 2.5105217695684517665e-8, 2.7620089481954588787e-7, 2.7557255398338710948e-6,
      2.4801521293463860584e-5, 1.9841269874822308109e-4, 1.3888888917215586883e-3,
      8.3333333333261345642e-3, 4.166666666662412338e-2, 1.6666666666666670991e-1,
      5.0000000000000010223e-1);
#else
  V p = HORNER(
      r, 1.9899287840538397795e-4f, 1.3933652487807975211e-3f, 8.3332984663998711097e-3f,
      4.1666464895355420217e-2f, 1.6666666719039147932e-1f, 5.0000000134703031422e-1f);
#endif
  return r * r * p + r;
}

/// The whole number nearest x / ln 2, and the rest of x in `r`.
INLINE V F(reduced)(V x, V *r) {
  V n = F(whole)(x * (REAL)1.44269504088896340736);
  *r = (x - n * LN2_HIGH) - n * LN2_LOW;
  return n;
}

/// `e^x` for every x.
INLINE V F(exponential)(V x) {
  x = F(choose)(x > EXP_LARGEST, F(splat)(EXP_LARGEST), x);
  x = F(choose)(x < EXP_SMALLEST, F(splat)(EXP_SMALLEST), x);
  V r;
  V n = F(reduced)(x, &r);
  V half = F(whole)(n * (REAL)0.5);
  V result = (F(exp_minus_one_near_zero)(r) + 1) * F(power_of_two)(half);
  return result * F(power_of_two)(n - half);
}

/// `e^x` for x ≤ 0 or NaN; what is not a normal number is 0.
INLINE V F(exponential_falling)(V x) {
  I tiny = x < EXP_NORMAL;
  V r;
  V n = F(reduced)(F(choose)(tiny, F(splat)(EXP_NORMAL), x), &r);
  V result = (F(exp_minus_one_near_zero)(r) + 1) * F(power_of_two)(n);
  return (V)(~tiny & (I)result);
}

INLINE V F(logarithm)(V x) {
  I small = x < (IS_DOUBLE ? (REAL)0x1p-1022 : (REAL)0x1p-126);
  V scaled = F(choose)(small, x * (IS_DOUBLE ? (REAL)0x1p54 : (REAL)0x1p25), x);
  // Shifted so that the mantissa lies between √½ and √2.
  I shift = (I)F(splat)(1) - (I)F(splat)((REAL)0.70710678118654752440);
  I bits = (I)scaled + shift;
  I exponent = (bits >> MANTISSA_BITS) - EXPONENT_BIAS;
  I mantissa = (bits & (((BITS)1 << MANTISSA_BITS) - 1)) + (I)F(splat)((REAL)0.70710678118654752440);
  V k = __builtin_convertvector(exponent, V) -
        (V)(small & (I)F(splat)(IS_DOUBLE ? (REAL)54 : (REAL)25));
  V f = (V)mantissa - 1;
  V s = f / (f + 2), z = s * s, square = f * f * (REAL)0.5;
#if IS_DOUBLE
  V tail = z * HORNER(
      z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
      2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
      6.666666666666735130e-01);
#else
  V tail = z * HORNER(z, 0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f);
#endif
  V result = k * LN2_HIGH - ((square - (s * (square + tail) + k * LN2_LOW)) - f);
  V infinity = F(splat)((REAL)INFINITY);
  result = F(choose)(x == 0, -infinity, result);
  result = F(choose)(x < 0, F(splat)((REAL)NAN), result);
  return F(choose)((x == infinity) | (x != x), x, result);
}

INLINE V F(hyperbolic_tangent)(V x) {
  // With m = e^{−2|x|} − 1, the result is −m / (m + 2).
  V y = F(size)(x) * -2;
  y = F(choose)(y < EXP_NORMAL, F(splat)(EXP_NORMAL), y);
  V r;
  V n = F(reduced)(y, &r), power = F(power_of_two)(n);
  V m = F(exp_minus_one_near_zero)(r) * power + (power - 1);
  return F(with_sign)(-m / (m + 2), x);
}

INLINE V F(logistic)(V x) {
  V tail = F(exponential)(-F(size)(x));
  return F(choose)(x >= 0, F(splat)(1), tail) / (tail + 1);
}

/// `max(x, 0) + ln(1 + e^{−|x|})`.
INLINE V F(softplus)(V x) {
  V tail = F(exponential)(-F(size)(x)), sum = tail + 1;
  // What rounding the sum lost comes back to first order.
  return F(choose)(x > 0, x, F(splat)(0)) + (F(logarithm)(sum) + (tail - (sum - 1)) / sum);
}

INLINE V F(error_function)(V x) {
  V size = F(size)(x), square = x * x;
#if IS_DOUBLE
  V limit = F(splat)(6);
  V near = x * HORNER(
      square, 5.9589307431349412188e-11, -1.1373902296430911635e-9, 1.4660051998394847679e-8,
      -1.6350354461959655636e-7, 1.6461004480962034678e-6, -1.4925595519506043454e-5,
      1.2055331122299265255e-4, -8.5483269811296659963e-4, 5.2239776248232225684e-3,
      -2.6866170645077334198e-2, 1.1283791670954881569e-1, -3.7612638903183748117e-1,
      1.1283791670955125738);
  V clamped = F(choose)(size > limit, limit, size);
  V t = (REAL)11.9 / (clamped + (REAL)2.5) - (REAL)2.4;
  V q = HORNER(
      t, -8.4065670376856495734e-12, 2.6025081068178980541e-11, 2.3385021953903632058e-10,
      -1.2845967242982440406e-9, -6.1490337307744102336e-9, 5.13975395246614448e-8,
      2.3120154430911144115e-7, -1.9887461101852892293e-6, -1.4819868129311577291e-5,
      5.053711003067344084e-5, 1.2493997403919982249e-3, 9.3743212928256549337e-3,
      4.4997215170412887723e-2, 1.5798058438192031246e-1, 2.1394805165754286463e-1);
#else
  V limit = F(splat)(4);
  V near = x * HORNER(
      square, 7.8824971100866635674e-5f, -8.0188549927863869635e-4f, 5.1893119426866176811e-3f,
      -2.6854328796067244337e-2f, 1.1283597463488053138e-1f, -3.7612626903580438327e-1f,
      1.1283791658815026333f);
  V clamped = F(choose)(size > limit, limit, size);
  V t = (REAL)9.1666666666666666667 / (clamped + (REAL)1.5) - (REAL)2.6666666666666666667;
  V q = HORNER(
      t, 4.0734019264623032396e-6f, -7.7455775898915594677e-6f, -2.0819796649730068787e-4f,
      6.5612538870344290987e-4f, 2.0258034901560499018e-2f, 1.4464368121881742871e-1f,
      2.6223760723903091414e-1f);
#endif
  V far = F(with_sign)(1 - F(exponential_falling)(-clamped * clamped) * q, x);
  return F(choose)(size < 1, near, F(choose)(x != x, x, far));
}

#undef HORNER
#undef MANTISSA_BITS
#undef EXPONENT_BIAS
#undef ROUNDER
#undef LN2_HIGH
#undef LN2_LOW
#undef EXP_LARGEST
#undef EXP_SMALLEST
