/* Mixtures of normal distributions by expectation and maximisation (Dempster, Laird and Rubin 1977). */
#ifndef FEATURE_GMM_H
#define FEATURE_GMM_H

#include "base/memory.h"
#include "kernel/compute.h"
#include "feature/row_view.h"

/* A mixture. */
typedef struct visml_mixture {
    int64_t d, k;
    int32_t full;             /* covariances: 1: [k, d, d], 0: their diagonals [k, d] */
    const double *weights;    /* [k] */
    const double *means;      /* [k, d] */
    const double *covariances;
} visml_mixture;

typedef struct visml_gmm {
    visml_row_view x;
    int64_t k;
    int32_t full;
    const int32_t *init;    /* [n]: a component for each row to begin with, none without a row; NULL: k-means */
    uint64_t seed;          /* of that */
    int32_t max_iterations; /* 1 or more */
    double tolerance;       /* done when the mean log likelihood of a row grows by less */
    double floor;           /* is added to every variance: above 0 */
    /* Called now and then; a status below 0 ends it with that. NULL: not wanted. */
    visml_status (*tick)(void *user, int32_t iteration, double score, visml_error *err);
    void *user;
    double *weights, *means, *covariances; /* results, as in a mixture */
    double score;           /* result: the mean log likelihood of a row in the last expectation */
    int32_t iterations;     /* result */
} visml_gmm;

/* The same bits for any number of threads. `what`: whose it is, for messages. Errors: VISML_EINVAL (fewer rows than components),
 * VISML_ENONFINITE (a covariance that has no inverse: the floor is too small), VISML_ENOMEM, those of tick. */
visml_status visml_gmm_fit(visml_memory *m, const visml_compute *c, const char *what, visml_gmm *job, visml_error *err);

/* A mixture made ready for many rows, in floats: in one piece, bytes as visml_mixture_bytes. */
typedef struct visml_mixture_plan {
    int64_t d, k;
    int32_t full;
    float *shift;   /* [d]: the mean of all, which rows are taken relative to, for the digits' sake */
    float *factors; /* diagonals: [k, 2 d]: for squares, for the numbers; full: [k, d, d], triangular: inverse roots */
    float *centers; /* full: [k, d]: means times these */
    float *offset;  /* [k] */
} visml_mixture_plan;
size_t visml_mixture_bytes(int64_t d, int64_t k, int32_t full);
/* Where the parts lie in such a piece. */
visml_mixture_plan visml_mixture_plan_of(void *memory, int64_t d, int64_t k, int32_t full);
/* `room`: d (d + 1) doubles of full mixtures, d of others. Errors: VISML_ENONFINITE. */
visml_status visml_mixture_prepare(const visml_mixture *mix, const char *what, void *memory, double *room, visml_mixture_plan *plan,
                                   visml_error *err);

#define VISML_MIXTURE_ROWS 256 /* at a time */
/* resp[n, k]: how likely each component has made each row, for at most VISML_MIXTURE_ROWS rows; score[n] (NULL: not wanted): the log
 * likelihood of each. */
size_t visml_mixture_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full);
void visml_mixture_run(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *x, float *resp, float *score,
                       void *scratch);
/* logs[n, k] in their place: those of weight times density. */
void visml_mixture_logs(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *x, float *logs, void *scratch);

/* Sums of rows relative to a shift, each row counted as resp[n, k] says; in double over blocks of rows. */
typedef struct visml_mixture_sums {
    double *counts;  /* [k] */
    double *sums;    /* [k, d] */
    double *squares; /* [k, d], or full: [k, d, d] */
} visml_mixture_sums;
size_t visml_mixture_sums_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full);
/* At most VISML_MIXTURE_ROWS rows are added. */
void visml_mixture_sums_add(const visml_compute *c, int64_t d, int64_t k, int32_t full, const float *shift, int64_t n, const float *x,
                            const float *resp, const visml_mixture_sums *to, void *scratch);

#endif
