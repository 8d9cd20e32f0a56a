/* The nearest of several centers to each row, by a matrix product. */
#ifndef FEATURE_NEAREST_H
#define FEATURE_NEAREST_H

#include "kernel/compute.h"

/* Centers made ready for many rows, in one piece of memory. */
typedef struct visml_nearest_plan {
    int64_t d, k;
    const float *centers; /* [k, d], borrowed */
    float *gain, *bias;   /* [k]: -2, and squares of centers */
    void *packed;
} visml_nearest_plan;
size_t visml_nearest_bytes(const visml_compute *c, int64_t d, int64_t k);
/* memory: aligned to 64. */
visml_nearest_plan visml_nearest_prepare(const visml_compute *c, int64_t d, int64_t k, const float *centers, void *memory);

/* labels[n]: the nearest center of each row of x [n, d], ldx from one to the next; of equals the first. squares[n] (NULL: not wanted):
 * their squared distances, where lengths[n] has the sums of squares of the rows (NULL: they are found). */
size_t visml_nearest_scratch(const visml_compute *c, int64_t d, int64_t k);
void visml_nearest_run(const visml_compute *c, const visml_nearest_plan *plan, int64_t n, const float *x, int64_t ldx,
                       const float *lengths, int32_t *labels, float *squares, void *scratch);
/* out[n, k]: the squared distances to all. The error is that of products, see kernel/distance.h. */
void visml_nearest_squares(const visml_compute *c, const visml_nearest_plan *plan, int64_t n, const float *x, int64_t ldx, float *out,
                           void *scratch);

#endif
