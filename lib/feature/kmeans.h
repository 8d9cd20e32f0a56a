/* Clusters by k-means (Lloyd 1982), begun as k-means++ says (Arthur and Vassilvitskii 2007). */
#ifndef FEATURE_KMEANS_H
#define FEATURE_KMEANS_H

#include "base/memory.h"
#include "kernel/compute.h"

typedef struct visml_kmeans {
    int64_t n, d, k;
    const float *x;         /* [n, d] */
    const float *init;      /* [k, d]: centers to begin with; NULL: k-means++ */
    uint64_t seed;          /* of that */
    int32_t max_iterations; /* 1 or more */
    double tolerance;       /* done when the squares of the ways that centers went add up to no more than this times the mean variance of a
                               column, or no row changes its cluster */
    float *centers;         /* result: [k, d] */
    int32_t *labels;        /* result: [n] */
    double inertia;         /* result: the sum of squared distances to the nearest center */
    int32_t iterations;     /* result */
} visml_kmeans;

/* A cluster that loses all rows gets the row that is farthest from its center. Equal rows may give equal centers. The same bits for any
 * number of threads. `what`: whose it is, for messages. Errors: VISML_EINVAL (fewer rows than clusters), VISML_ENOMEM. */
visml_status visml_kmeans_fit(visml_memory *m, const visml_compute *c, const char *what, visml_kmeans *job, visml_error *err);

/* The nearest center of each row (the first of equals) and, where squares is not NULL, the square of its distance, by product: see
 * kernel/distance.h for the error. */
size_t visml_nearest_scratch(const visml_compute *c, int64_t n, int64_t d, int64_t k);
void visml_nearest(const visml_compute *c, int64_t n, int64_t d, int64_t k, const float *x, const float *centers, int32_t *labels,
                   float *squares, void *scratch);

#endif
