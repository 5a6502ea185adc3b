// The benchmark's limit: the same equations by hand, with I_n ⊗ J and S⁻¹ ⊗ Π used as such.
#include "CRival.h"

enum { N = 7, D = 3, X = 3 };

static void advance(const double *from, double time, double *to) {
  double weight = 1;
  for (int k = 0; k < N; k++) to[k] = from[k];
  for (int step = 1; step < N; step++) {
    weight *= time / step;
    for (int k = 0; k + step < N; k++) to[k] += weight * from[k + step];
  }
}

void rival_lorenz_flow(const struct rival_lorenz *m, double time, const double *q, double *flow) {
  const double *x = q, *v = q + N * X;
  double y[N], eta[N];
  advance(m->data, time, y);
  advance(m->prior, time, eta);

  const double a = m->prandtl / m->scale, b = m->damping / m->scale, s = 1 / m->scale;
  const double j[X][X] = {
      {-a, a, 0},
      {(m->rayleigh - x[2]) * s, -s, -x[0] * s},
      {x[1] * s, x[0] * s, -b},
  };
  double ey[N], ex[N][X], ev[N];
  for (int k = 0; k < N; k++) ey[k] = y[k] - (x[k * X] + x[k * X + 1] + x[k * X + 2]);
  const double f[X] = {
      a * (x[1] - x[0]),
      ((m->rayleigh - x[2]) * x[0] - x[1]) * s,
      (x[0] * x[1] - m->damping * x[2]) * s,
  };
  for (int i = 0; i < X; i++) ex[0][i] = x[X + i] - f[i];
  for (int k = 1; k < N; k++)
    for (int i = 0; i < X; i++) {
      double motion = 0;
      for (int c = 0; c < X; c++) motion += j[i][c] * x[k * X + c];
      ex[k][i] = (k + 1 < N ? x[(k + 1) * X + i] : 0) - motion;
    }
  for (int k = 0; k < N; k++) ev[k] = (k < D ? v[k] : 0) - eta[k];

  double xy[N], xx[N][X], xv[N];
  for (int k = 0; k < N; k++) {
    double ty = 0, tv = 0, tx[X] = {0};
    for (int l = 0; l < N; l++) {
      const double w = m->s_inverse[k][l];
      ty += w * ey[l];
      tv += w * ev[l];
      for (int i = 0; i < X; i++) tx[i] += w * ex[l][i];
    }
    xy[k] = m->output_precision * ty;
    xv[k] = m->cause_precision * tv;
    for (int i = 0; i < X; i++) xx[k][i] = m->state_precision * tx[i];
  }
  for (int k = 0; k < N; k++)
    for (int c = 0; c < X; c++) {
      double gradient = -xy[k];
      for (int i = 0; i < X; i++) gradient -= j[i][c] * xx[k][i];
      if (k > 0) gradient += xx[k - 1][c];
      flow[k * X + c] = (k + 1 < N ? x[(k + 1) * X + c] : 0) - m->kappa * gradient;
    }
  for (int k = 0; k < D; k++) flow[N * X + k] = (k + 1 < D ? v[k + 1] : 0) - m->kappa * xv[k];
}
