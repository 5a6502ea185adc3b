#ifndef ODOROKI_CGSL_SHIM_H
#define ODOROKI_CGSL_SHIM_H
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <gsl/gsl_version.h>

/* GSL's step types are global variables, which Swift does not import as safe for concurrent use.
   They never change, so each gets an accessor. */
static inline const gsl_odeiv2_step_type *odoroki_step_rk4(void) { return gsl_odeiv2_step_rk4; }
static inline const gsl_odeiv2_step_type *odoroki_step_rkf45(void) { return gsl_odeiv2_step_rkf45; }
static inline const gsl_odeiv2_step_type *odoroki_step_rkck(void) { return gsl_odeiv2_step_rkck; }
static inline const gsl_odeiv2_step_type *odoroki_step_rk8pd(void) { return gsl_odeiv2_step_rk8pd; }
static inline const gsl_odeiv2_step_type *odoroki_step_rk1imp(void) { return gsl_odeiv2_step_rk1imp; }
static inline const gsl_odeiv2_step_type *odoroki_step_rk2imp(void) { return gsl_odeiv2_step_rk2imp; }
static inline const gsl_odeiv2_step_type *odoroki_step_rk4imp(void) { return gsl_odeiv2_step_rk4imp; }
static inline const gsl_odeiv2_step_type *odoroki_step_bsimp(void) { return gsl_odeiv2_step_bsimp; }
static inline const gsl_odeiv2_step_type *odoroki_step_msadams(void) { return gsl_odeiv2_step_msadams; }
static inline const gsl_odeiv2_step_type *odoroki_step_msbdf(void) { return gsl_odeiv2_step_msbdf; }

/* The version of the library in use is a global variable too. */
static inline const char *odoroki_gsl_version(void) { return gsl_version; }
#endif
