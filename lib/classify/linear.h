/* What linear classes share: y = x W' + b, with one row of W for each output. */
#ifndef CLASSIFY_LINEAR_H
#define CLASSIFY_LINEAR_H

#include "classify/classifier.h"

#define VISML_LINEAR_ROWS 256 /* of a block: at 784 columns they stay in a second-level cache */

/* A linear map as products want it. */
typedef struct visml_linear {
    int64_t outputs, dims;
    const float *coefficients; /* [outputs, dims] */
    const float *intercepts;   /* [outputs] */
    const void *packed;        /* of visml_linear_pack; NULL where visml_linear_packed_bytes is 0 */
} visml_linear;

/* 0: so few outputs are not packed. */
size_t visml_linear_packed_bytes(const visml_compute *c, int64_t outputs, int64_t dims);
void visml_linear_pack(const visml_compute *c, const visml_linear *l, void *packed);
/* Bytes for one thread. */
size_t visml_linear_scratch(const visml_compute *c, int64_t outputs, int64_t dims);
/* y[n, outputs] of n <= VISML_LINEAR_ROWS rows that are ld apart, on the caller's thread alone. */
void visml_linear_products(const visml_compute *c, const visml_linear *l, int64_t n, const float *x, int64_t ld, float *y, void *scratch);

/* ---- of classifiers with the arrays "coefficients" [O, D] and "intercepts" [O] ---- */

visml_status visml_linear_new(visml_classifier *c, float **coefficients, float **intercepts, visml_error *err);
/* What was learned, from w [O, D] and b [O]. Errors: VISML_ENOMEM, VISML_ENONFINITE. */
visml_status visml_linear_keep(visml_classifier *c, const double *w, const double *b, visml_error *err);
/* Says to the context's log that so many iterations were not enough. */
void visml_linear_not_converged(const visml_classifier *c, int64_t iterations);
/* The other way: from what was learned to w and b. */
void visml_linear_recall(const visml_classifier *c, double *w, double *b);
/* n numbers of an array that a file gave. Errors: VISML_EFORMAT. */
visml_status visml_linear_check_finite(const visml_classifier *c, const char *name, int64_t n, visml_error *err);
visml_status visml_linear_restore(visml_object *o, visml_error *err);
visml_status visml_linear_prepare(visml_classifier *c, const visml_compute *k, visml_error *err);
size_t visml_linear_decide_scratch(const visml_classifier *c, const visml_compute *k, int64_t n);
void visml_linear_decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *scratch);

/* p[n, 2] = -z, z. */
void visml_linear_both_sides(int64_t n, const float *z, float *p);

/* The same kernels on the caller's thread alone. */
extern const visml_parallel visml_linear_alone;
static inline visml_compute visml_linear_one_thread(const visml_compute *k) {
    return (visml_compute){k->kernels, &visml_linear_alone};
}

#endif
