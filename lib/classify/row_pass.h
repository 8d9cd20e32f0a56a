/* Passes over all rows in a random order, for solvers that take one row after the other: every output learns by itself, so that they are
 * what is shared out among threads, while some rows at a time stay in the cache for all of them. */
#ifndef CLASSIFY_ROW_PASS_H
#define CLASSIFY_ROW_PASS_H

#include "classify/classifier.h"

/* Some rows: number i is rows[i], at x + i * ld, or where turned is 0 at x + rows[i] * ld. */
typedef struct visml_passing_rows {
    const int64_t *rows;
    int64_t n, d;
    const float *x;
    int64_t ld;
    int32_t turned;
    int32_t reserved;
} visml_passing_rows;

static inline const float *visml_passing_row(const visml_passing_rows *p, int64_t i) {
    return p->x + (p->turned ? i : p->rows[i]) * p->ld;
}

typedef struct visml_row_pass {
    const visml_compute *compute;
    const visml_samples *samples;
    const visml_fit_run *run;
    int64_t outputs;
    /* Learns from some rows; for different outputs on several threads at a time. */
    void (*learn)(void *solver, int64_t output, const visml_passing_rows *p);
    void *solver;
    int32_t in_order; /* 1: as they lie */
    int32_t reserved;
    int64_t done, total; /* for the run */
    int64_t *order;      /* [n], of visml_row_pass_begin, as what follows */
    int64_t groups;      /* of outputs */
    float *turned;
    visml_passing_rows passing;
} visml_row_pass;

/* Errors: VISML_ENOMEM. visml_row_pass_end follows in any case. */
visml_status visml_row_pass_begin(visml_row_pass *p, visml_memory *m, visml_error *err);
void visml_row_pass_end(visml_row_pass *p, visml_memory *m);
/* All rows once, in an order of (seed, pass). Errors: VISML_ECANCELLED. */
visml_status visml_row_pass_run(visml_row_pass *p, int64_t pass, visml_error *err);

#endif
