#ifndef ODOROKI_CRIVAL_H
#define ODOROKI_CRIVAL_H

/// The Lorenz model's recognition dynamics written out by hand: what the benchmark measures against.
///
/// Sizes are those of `models/lorenz.yaml`: three states with n = 7 orders, one cause with d = 3,
/// one data channel. `s_inverse` is the 7 × 7 temporal precision, `q` and `flow` hold 7 × 3 states
/// and then 3 causes, order by order.
struct rival_lorenz {
  double prandtl, damping, rayleigh, scale;
  double output_precision, state_precision, cause_precision, kappa;
  double s_inverse[7][7];
  double data[7], prior[7];
};

void rival_lorenz_flow(const struct rival_lorenz *model, double time, const double *q, double *flow);

/// Calls the Fortran product `gemm` `count` times for C = A B of row-major n × n matrices: what a C
/// program that calls the library itself would do.
void rival_products(
    const void *gemm, int is_double, int n, long count, const void *a, const void *b, void *c);

#endif
