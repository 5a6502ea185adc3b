#ifndef ODOROKI_CNETCDF_SHIM_H
#define ODOROKI_CNETCDF_SHIM_H
#include <netcdf.h>

/* These macros hold casts, which Swift does not import. */
static inline double odoroki_netcdf_fill_int64(void) { return (double)NC_FILL_INT64; }
static inline double odoroki_netcdf_fill_uint64(void) { return (double)NC_FILL_UINT64; }
#endif
