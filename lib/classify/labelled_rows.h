/* Rows to learn from or to predict for, as they lie in a caller's tensors, checked. */
#ifndef CLASSIFY_LABELLED_ROWS_H
#define CLASSIFY_LABELLED_ROWS_H

#include "kernel/compute.h"
#include "feature/row_view.h"
#include "tensor/tensor.h"
#include "visml/classify.h"

/* For who asks a classifier in the middle of a fit: what takes long looks whether to go on. */
typedef struct visml_looks {
    /* Below 0: to be stopped; it is not called again. */
    visml_status (*look)(void *user, visml_error *err);
    void *user;
    visml_error *err;
    visml_status status; /* of the last look: below 0 what was asked for is not there */
} visml_looks;

typedef struct visml_samples {
    int64_t n, d;
    const float *x;                    /* element (i, j) at x[i row_stride + j column_stride]; one of the two is 1 */
    int64_t row_stride, column_stride; /* elements */
    const int32_t *places;             /* [n]: which of the classes, 0 ... class_count - 1; NULL: no classification */
    int64_t class_count;               /* 0: no classification */
    const float *targets;              /* [n]: regression; else NULL */
    const float *weights;              /* [n], those of classes in them; NULL: 1 each */
    visml_looks *looks;                /* NULL: none */
} visml_samples;

/* A caller's x [N, D], N >= 1, D >= 1. `what`: whose it is, for messages. Errors: VISML_EINVAL. */
visml_status visml_samples_of(const char *what, const visml_tensor *x, visml_samples *s, visml_error *err);
/* Every number is finite, or (missing: 1) NaN. Errors: VISML_EINVAL with row and column. */
visml_status visml_samples_check(const visml_compute *c, const char *what, const visml_samples *s, int missing, visml_error *err);

static inline visml_row_view visml_samples_view(const visml_samples *s) {
    return (visml_row_view){s->n, s->d, s->x, s->row_stride, s->column_stride};
}
/* Rows begin ... begin + n - 1, elements of a row side by side: where they lie, or copied to buffer[n, d]. *ld: from one row to the
 * next. */
const float *visml_samples_rows(const visml_samples *s, int64_t begin, int64_t n, float *buffer, int64_t *ld);
/* The same rows alone, with what belongs to them. */
static inline visml_samples visml_samples_some(const visml_samples *s, int64_t begin, int64_t n) {
    visml_samples some = *s;
    some.n = n;
    some.x += begin * s->row_stride;
    some.places = s->places ? s->places + begin : NULL;
    some.targets = s->targets ? s->targets + begin : NULL;
    some.weights = s->weights ? s->weights + begin : NULL;
    return some;
}
static inline float visml_samples_at(const visml_samples *s, int64_t i, int64_t j) {
    return s->x[i * s->row_stride + j * s->column_stride];
}
static inline double visml_samples_weight(const visml_samples *s, int64_t i) {
    return s->weights ? (double)s->weights[i] : 1;
}

/* The labels that there are, ascending: a new tensor [K], VISML_I32. NULL: VISML_ENOMEM. */
visml_tensor *visml_labels_unique(visml_context *ctx, const int32_t *labels, int64_t n, visml_error *err);
/* The place of each label among classes [K]. Errors: VISML_EINVAL: one that is none of them. */
visml_status visml_labels_places(const char *what, const visml_tensor *classes, const int32_t *labels, int64_t n, int32_t *places,
                                 visml_error *err);

#endif
