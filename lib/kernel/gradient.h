/* Gradients of pictures by central differences: of column x the one after it minus the one before, likewise of rows (without a half, as in
 * Dalal and Triggs 2005, histograms of oriented gradients). */
#ifndef KERNEL_GRADIENT_H
#define KERNEL_GRADIENT_H

#include "kernel/compute.h"

#ifndef VISML_REAL_DOUBLE
enum {
    VISML_BORDER_ZERO = 1, /* across the edge there is no difference; as reflecting without the edge itself does */
    VISML_BORDER_EDGE,     /* outside lies the pixel at the edge once more */
};

/* [h, w, c] of floats, or of bytes where `bytes` is not NULL, to the length of each pixel's gradient and its angle in radians, both
 * [h, w]; either may be NULL. Of several channels the one with the longest gradient is taken, of equals the first. Angles are that of
 * (x, y), y downwards: [0, 2 pi), or with unsigned_angle [0, pi), where a direction and its opposite are one; 0 where there is no gradient.
 * Error of an angle: at most 2 ulp below pi, 5.5e-7 above; one less than 2.5e-7 below the end of its range may become 0. */
typedef struct visml_gradient {
    int64_t h, w, c;
    const float *x;
    const uint8_t *bytes;
    int32_t border, unsigned_angle;
    float *magnitude, *angle;
} visml_gradient;

size_t visml_gradient_scratch(const visml_compute *c, const visml_gradient *g);
void visml_gradient_run(const visml_compute *c, const visml_gradient *g, void *scratch);
#endif

#endif
