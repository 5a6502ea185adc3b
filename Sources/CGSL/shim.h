#ifndef ODOROKI_CGSL_SHIM_H
#define ODOROKI_CGSL_SHIM_H
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#endif
