/* What programs that look inside of solvers share: made-up rows in both layouts, and fits that are counted and stopped. */
#ifndef CLASSIFY_SOLVER_INSIDES_H
#define CLASSIFY_SOLVER_INSIDES_H

#include <math.h>
#include <string.h>

#include "classify/classifier.h"
#include "context/context.h"
#include "support/support.h"

static visml_error err;

/* Rows of n columns' numbers in [0, 1), side by side with a gap, or as columns with one. */
typedef struct made_rows {
    float *x, *turned;
    visml_samples by_rows, by_columns;
} made_rows;

static inline made_rows made_rows_new(int64_t n, int64_t d, uint64_t seed) {
    made_rows m = {test_guarded((size_t)(n * (d + 3)) * sizeof(float)), test_guarded((size_t)(d * (n + 5)) * sizeof(float)), {0}, {0}};
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            m.x[i * (d + 3) + j] = m.turned[j * (n + 5) + i] = (test_random_float(&seed) + 1) / 2;
    m.by_rows = (visml_samples){.n = n, .d = d, .x = m.x, .row_stride = d + 3, .column_stride = 1};
    m.by_columns = (visml_samples){.n = n, .d = d, .x = m.turned, .row_stride = 1, .column_stride = n + 5};
    return m;
}

static inline void made_rows_free(const made_rows *m) {
    test_guarded_free(m->x, (size_t)(m->by_rows.n * (m->by_rows.d + 3)) * sizeof(float));
    test_guarded_free(m->turned, (size_t)(m->by_rows.d * (m->by_rows.n + 5)) * sizeof(float));
}

/* A fit whose looks are counted; stop_at: the one that stops it. */
typedef struct counted_fit {
    int looks, stop_at;
    visml_classifier_fit_opts opts;
    visml_fit_run run;
} counted_fit;

static inline int32_t count_look(void *user, const visml_classifier_progress *p) {
    counted_fit *f = user;
    (void)p;
    return ++f->looks == f->stop_at;
}

static inline const visml_fit_run *counted(counted_fit *f, int stop_at) {
    *f = (counted_fit){.stop_at = stop_at, .opts = {.progress = count_look, .user = f}, .run = {.seed = 7, .opts = &f->opts}};
    return &f->run;
}

#endif
