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
    float *shift;   /* [d]: what rows are taken relative to, for the digits' sake */
    float *factors; /* diagonals: [k, 2 d]: for squares, for the numbers; full: [k, d, d]: inverse roots, turned: above the diagonal */
    float *centers; /* full: [k, d]: means times these */
    float *offset;  /* [k] */
} visml_mixture_plan;
size_t visml_mixture_bytes(int64_t d, int64_t k, int32_t full);
/* Where the parts lie in such a piece. */
visml_mixture_plan visml_mixture_plan_of(void *memory, int64_t d, int64_t k, int32_t full);
/* A plan that has no component yet. shift: [d], NULL: the mean of the mixture. */
visml_mixture_plan visml_mixture_begin(const visml_mixture *mix, const float *shift, void *memory);
/* Component number `component`. room: d (d + 1) doubles of full mixtures, else none. 0: its covariance has no inverse. */
int visml_mixture_prepare_one(const visml_mixture *mix, const visml_mixture_plan *plan, int64_t component, double *room);
/* The same in two steps: of many columns each takes some 20 ms. */
int visml_mixture_find_root(const visml_mixture *mix, int64_t component, double *room);
void visml_mixture_use_root(const visml_mixture *mix, const visml_mixture_plan *plan, int64_t component, double *room);
visml_status visml_mixture_no_inverse(const char *what, visml_error *err);
/* All of it, about its mean. Errors: VISML_ENONFINITE. */
visml_status visml_mixture_prepare(const visml_mixture *mix, const char *what, void *memory, double *room, visml_mixture_plan *plan,
                                   visml_error *err);

#define VISML_MIXTURE_ROWS 256 /* at a time, at most, in all that follows */
/* What products take of a row: the numbers relative to the shift, of diagonals their squares before them. */
static inline int64_t visml_mixture_width(int64_t d, int32_t full) {
    return full ? d : 2 * d;
}
/* rows[n, width] of x [n, d], ldx from row to row. */
void visml_mixture_rows(const visml_mixture_plan *plan, int64_t n, const float *x, int64_t ldx, float *rows);
size_t visml_mixture_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full);
/* logs[n, k]: those of weight times density, of components first ... end - 1. */
void visml_mixture_logs(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *rows, int64_t first, int64_t end,
                        float *logs, void *scratch);
/* Logs become how likely each component has made each row; score[n] (NULL: not wanted): the log likelihood of each row. */
void visml_mixture_share(const visml_compute *c, int64_t n, int64_t k, float *resp, float *score);

/* Sums of rows relative to a shift, each row counted as resp[n, k] says; in double over blocks of rows. */
typedef struct visml_mixture_sums {
    double *counts;  /* [k] */
    double *sums;    /* [k, d] */
    double *squares; /* [k, d], or full: [k, d, d], the lower triangles; what is above them is undefined */
} visml_mixture_sums;
void visml_mixture_count(int64_t n, int64_t k, const float *resp, double *counts);
size_t visml_mixture_sums_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full);
/* Diagonals: products[k, 2 d] of a block of rows, and how they are added to sums and squares. */
void visml_mixture_products(const visml_compute *c, int64_t d, int64_t k, int64_t n, const float *rows, const float *resp, float *products,
                            void *scratch);
void visml_mixture_sums_add(int64_t d, int64_t k, const float *products, const visml_mixture_sums *to);
#define VISML_MIXTURE_PANEL 64 /* columns */
/* Full: one component's sums and squares of columns first ... first + VISML_MIXTURE_PANEL - 1 of a block of rows are added. */
void visml_mixture_panel_add(const visml_compute *c, int64_t d, int64_t k, int64_t n, const float *rows, const float *resp,
                             int64_t component, int64_t first, const visml_mixture_sums *to, void *scratch);

#endif
