/* Some columns of all rows, or of rows at equal distances: each column's numbers side by side, for those who sort or count them. */
#ifndef CLASSIFY_TREE_COLUMNS_H
#define CLASSIFY_TREE_COLUMNS_H

#include "classify/labelled_rows.h"
#include "classify/tree_ticks.h"

#define VISML_COLUMNS_READ 64 /* at a time: four lines of the cache, of one page of memory */

/* Work on one column: number `column` with its numbers. Called on any worker. */
typedef void visml_column_work(void *user, int64_t column, float *numbers, size_t worker);

typedef struct visml_column_walk {
    const visml_samples *s;
    int64_t rows, step; /* every step-th row, so many */
    visml_column_work *work;
    void *user;
    const visml_fit_run *run; /* which is asked between portions */
    int64_t total;            /* of its progress */
} visml_column_walk;

/* Walks over all columns. Errors: VISML_ENOMEM, VISML_ECANCELLED. */
visml_status visml_column_walk_run(const visml_column_walk *w, visml_memory *m, const visml_parallel *p, visml_error *err);

#endif
