/* Clusters by k-means (Lloyd 1982), begun as k-means++ says (Arthur and Vassilvitskii 2007). */
#ifndef FEATURE_KMEANS_H
#define FEATURE_KMEANS_H

#include "base/memory.h"
#include "feature/nearest.h"
#include "kernel/compute.h"
#include "feature/row_view.h"

typedef struct visml_kmeans {
    visml_row_view x;
    int64_t k;
    const float *init;      /* [k, d]: centers to begin with; NULL: as `random` says */
    int32_t random;         /* 1: different rows by chance, 0: k-means++ */
    int32_t trials;         /* of k-means++: rows that are tried for each center, the best of which is taken; 0: 1 */
    uint64_t seed;          /* of chance */
    int32_t max_iterations; /* 1 or more */
    double tolerance;       /* done when the squares of the ways that centers went add up to no more than this times the mean variance of a
                               column, or no row changes its cluster */
    /* Called now and then; a status below 0 ends it with that. NULL: not wanted. */
    visml_status (*tick)(void *user, int32_t iteration, double inertia, visml_error *err);
    void *user;
    float *centers;         /* result: [k, d] */
    int32_t *labels;        /* result: [n] */
    double inertia;         /* result: the sum of squared distances to the nearest center */
    int32_t iterations;     /* result */
} visml_kmeans;

/* A cluster that loses all rows gets the row that is farthest from its center. Equal rows may give equal centers. The same bits for any
 * number of threads. `what`: whose it is, for messages. Errors: VISML_EINVAL (fewer rows than clusters), VISML_ENOMEM, those of tick. */
visml_status visml_kmeans_fit(visml_memory *m, const visml_compute *c, const char *what, visml_kmeans *job, visml_error *err);
/* Only the centers to begin with, to job->centers. */
visml_status visml_kmeans_seed(visml_memory *m, const visml_compute *c, const visml_kmeans *job, visml_error *err);

static inline visml_status visml_kmeans_tick(const visml_kmeans *job, visml_error *err) {
    return job->tick ? job->tick(job->user, job->iterations, job->inertia, err) : VISML_OK;
}

#define VISML_KMEANS_ROWS 1024 /* that are in the cache at a time */

#endif
