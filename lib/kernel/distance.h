/* Distances between every row of [n, d] and every row of [m, d]. */
#ifndef KERNEL_DISTANCE_H
#define KERNEL_DISTANCE_H

#include "kernel/compute.h"

enum {
    VISML_DISTANCE_L2 = 1,       /* sum (a - b)^2: squared */
    VISML_DISTANCE_L1,           /* sum |a - b| */
    VISML_DISTANCE_COSINE,       /* 1 - a b / (|a| |b|), within [0, 2]; 1 where a row is all zeros */
    VISML_DISTANCE_CHI2,         /* sum (a - b)^2 / (a + b), without places where a + b is 0; of histograms, so not negative */
    VISML_DISTANCE_INTERSECTION, /* sum min(a, b) (Swain and Ballard 1991): grows with likeness, unlike the others */
};

#ifndef VISML_REAL_DOUBLE
/* out[i, j] is the distance of row i of a and row j of b; the lds are from one row to the next. With by_product (only _L2 and _COSINE)
 * the matrix product does the work, several times as fast where d and m are large; squared distances then come from
 * |a|^2 + |b|^2 - 2 a b (0 where that is less), and their error is that of the product: some (4 + sqrt(d)) 2^-24 (|a|^2 + |b|^2) at most
 * for numbers without a pattern. */
typedef struct visml_distances {
    int32_t kind, by_product;
    int64_t n, m, d;
    const float *a, *b;
    float *out;
    int64_t lda, ldb, ldo;
} visml_distances;

size_t visml_distances_scratch(const visml_compute *c, const visml_distances *x);
void visml_distances_run(const visml_compute *c, const visml_distances *x, void *scratch);
#endif

#endif
