// Kernels over arrays for TensorCore: the loops whose speed rests on wide vectors.
//
// Why there is C here: Swift compiles for the oldest processor of an architecture (SSE2 on x86-64),
// and a loop over 256- or 512-bit vectors with fused multiply-add is two to eight times faster.
// Every kernel is written once, with the compiler's vector types, and compiled for several
// processors; the widest that the machine has is chosen at start.
//
// Matrices are row-major; a kernel writes its whole result, keeps nothing after the call, and adds
// in an order that depends on the extents and the processor alone.
#ifndef ODOROKI_KERNELS_H
#define ODOROKI_KERNELS_H

#pragma clang assume_nonnull begin

/// 2 where the processor has 512-bit vectors, 1 where it has 256-bit vectors with fused
/// multiply-add, else 0.
int odoroki_vector_level(void);

/// Functions of one number that have vector loops.
enum odoroki_unary {
  ODOROKI_NEGATE,
  ODOROKI_ABSOLUTE,
  ODOROKI_SIGN,
  ODOROKI_HEAVISIDE,
  ODOROKI_EXP,
  ODOROKI_LOG,
  ODOROKI_SQRT,
  ODOROKI_RECIPROCAL,
  ODOROKI_TANH,
  ODOROKI_SIGMOID,
  ODOROKI_SOFTPLUS,
  ODOROKI_RELU,
  ODOROKI_ERF,
};

/// Functions of two numbers that have vector loops.
enum odoroki_binary {
  ODOROKI_ADD,
  ODOROKI_SUBTRACT,
  ODOROKI_MULTIPLY,
  ODOROKI_DIVIDE,
  ODOROKI_MINIMUM,
  ODOROKI_MAXIMUM,
  ODOROKI_LESS,
  ODOROKI_LESS_OR_EQUAL,
  ODOROKI_EQUAL,
  ODOROKI_NOT_EQUAL,
};

/// `C = A B` or `C += A B`: entry (i, p) of A lies at `i * a_row + p * a_column`, and so on.
struct odoroki_product {
  long rows, columns, inner;
  long a_row, a_column, b_row, b_column, c_row;
  int accumulates;
};

/// One head of attention; rows of a matrix lie at the given distances.
struct odoroki_attention {
  long queries, keys, width, value_width;
  long q_row, k_row, v_row, o_row, bias_row;
  double scale;
  int is_causal;
};

/// The constants of one step of Adam.
struct odoroki_adam {
  double rate, beta1, beta2, epsilon, correction1, correction2;
};

/// The kernels of one number type for one kind of processor; arrays hold that type.
struct odoroki_kernels {
  void (*_Nonnull product)(struct odoroki_product, const void *a, const void *b, void *c);
  void (*_Nonnull unary)(enum odoroki_unary, long count, const void *x, void *y);
  void (*_Nonnull binary)(
      enum odoroki_binary, long count, const void *a, long a_stride, const void *b, long b_stride,
      void *y);
  void (*_Nonnull sum)(long outer, long extent, long inner, const void *x, void *y);
  void (*_Nonnull maximum)(long outer, long extent, long inner, const void *x, void *y);
  void (*_Nonnull softmax)(long rows, long columns, const void *x, void *y);
  void (*_Nonnull softmax_gradient)(
      long rows, long columns, const void *y, const void *dy, void *dx);
  void (*_Nonnull log_sum_exp)(long rows, long columns, const void *x, void *y);
  void (*_Nonnull standardize)(long rows, long columns, double epsilon, const void *x, void *y);
  void (*_Nonnull standardize_gradient)(
      long rows, long columns, double epsilon, const void *x, const void *y, const void *dy,
      void *dx);
  void (*_Nonnull attention)(
      struct odoroki_attention, const void *q, const void *k, const void *v,
      const void *_Nullable bias, void *o);
  void (*_Nonnull adam)(
      long count, struct odoroki_adam, const void *gradient, void *parameters, void *mean,
      void *square);
};

/// The kernels for `float` at a level, or null where this build or this processor has none.
const struct odoroki_kernels *_Nullable odoroki_kernels_f32(int level);

/// The kernels for `double` at a level, or null where this build or this processor has none.
const struct odoroki_kernels *_Nullable odoroki_kernels_f64(int level);

#pragma clang assume_nonnull end

#endif
