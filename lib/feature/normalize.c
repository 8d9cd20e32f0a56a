#include "feature/normalize.h"

#include <float.h>
#include <math.h>

#include "kernel/kernels.h"

static float largest(int64_t d, const float *x) {
    float most = 0;
    for (int64_t j = 0; j < d; j++)
        most = fabsf(x[j]) > most ? fabsf(x[j]) : most;
    return most;
}

/* Where squares or sums leave the range of floats. */
static double length_in_double(int64_t d, int squares, const float *x) {
    double sum = 0;
    for (int64_t j = 0; j < d; j++)
        sum += squares ? (double)x[j] * (double)x[j] : fabs((double)x[j]);
    return squares ? sqrt(sum) : sum;
}

static double length_of(const visml_compute *c, int64_t d, visml_norm norm, const float *x) {
    if (norm == VISML_NORM_MAX)
        return (double)largest(d, x);
    float sum = norm == VISML_NORM_L1 ? c->kernels->reduce_abs((size_t)d, x) : c->kernels->reduce_squares((size_t)d, x);
    if (!(sum < FLT_MAX) || sum < 1e-20f)
        return length_in_double(d, norm == VISML_NORM_L2, x);
    return norm == VISML_NORM_L1 ? (double)sum : sqrt((double)sum);
}

void visml_normalize_row(const visml_compute *c, int64_t d, visml_norm norm, const float *x, float *y) {
    double length = length_of(c, d, norm, x), factor = length > 0 ? 1 / length : 1;
    if (factor < 1e30 && factor > 1e-30) {
        c->kernels->scale((size_t)d, x, (float)factor, 0, y);
        return;
    }
    for (int64_t j = 0; j < d; j++)
        y[j] = (float)((double)x[j] * factor);
}

void visml_power_row(const visml_compute *c, int64_t d, double exponent, const float *x, float *y) {
    (void)c;
    if (exponent == 0.5) {
        for (int64_t j = 0; j < d; j++)
            y[j] = copysignf(sqrtf(fabsf(x[j])), x[j]);
        return;
    }
    for (int64_t j = 0; j < d; j++) /* pow alone keeps the digits of numbers of any size */
        y[j] = copysignf((float)pow(fabs((double)x[j]), exponent), x[j]);
}
