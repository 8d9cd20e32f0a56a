/* Means and variances of columns, in two walks over rows that come block after block. */
#ifndef FEATURE_COLUMN_SUMS_H
#define FEATURE_COLUMN_SUMS_H

#include "feature/transform.h"

/* The work of a transform: from the context's memory, in one piece. */
typedef struct visml_column_sums {
    int64_t d, n;
    double at[]; /* [2, d]: of x, of (x - mean)^2 */
} visml_column_sums;

/* t->work anew. Errors: VISML_ENOMEM. */
visml_status visml_column_sums_begin(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err);
/* The number of the walk is t->pass. Rows are added in order, in double. */
visml_status visml_column_sums_add(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err);

/* sum[d] += the rows x [n, d]: in double, block of rows after block. Errors: VISML_ENOMEM. */
visml_status visml_add_columns(visml_memory *m, const visml_compute *c, int64_t n, int64_t d, const float *x, double *sum,
                               visml_error *err);

static inline double visml_column_mean(const visml_column_sums *s, int64_t j) {
    return s->at[j] / (double)s->n;
}
/* Of the set itself: divided by n. */
static inline double visml_column_variance(const visml_column_sums *s, int64_t j) {
    return s->at[s->d + j] / (double)s->n;
}

#endif
