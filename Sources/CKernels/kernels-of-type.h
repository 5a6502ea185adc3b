// All kernels of one number type on one kind of processor.
#include "vectors.h"

#include "functions.h"

#include "elementwise.h"

#include "reductions.h"

#include "rows.h"

#include "products.h"

#include "attention.h"

const struct odoroki_kernels TABLE = {
    .product = F(product),
    .unary = F(unary),
    .binary = F(binary),
    .sum = F(sum),
    .maximum = F(maximum),
    .softmax = F(softmax),
    .softmax_gradient = F(softmax_gradient),
    .log_sum_exp = F(log_sum_exp),
    .standardize = F(standardize),
    .standardize_gradient = F(standardize_gradient),
    .attention = F(attention),
    .adam = F(adam),
};

#undef V
#undef I
#undef LANES
