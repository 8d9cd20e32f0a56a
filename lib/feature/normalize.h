/* One row brought to length 1; rows of zeros stay as they are. */
#ifndef FEATURE_NORMALIZE_H
#define FEATURE_NORMALIZE_H

#include "kernel/compute.h"
#include "visml/feature.h"

/* norm: VISML_NORM_L2, _L1 or _MAX. y may be x. */
void visml_normalize_row(const visml_compute *c, int64_t d, visml_norm norm, const float *x, float *y);
/* y = sign(x) |x|^exponent; y may be x. */
void visml_power_row(const visml_compute *c, int64_t d, double exponent, const float *x, float *y);

#endif
