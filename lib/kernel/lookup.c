#include "kernel/lookup.h"

#include <math.h>
#include <string.h>

#include "kernel/kernels.h"
#include "kernel/span.h"

#define PARTS 32 /* of the table at most: each walks over all numbers */

typedef struct lookup_job {
    const visml_kernels *k;
    int64_t n, rows, width, block;
    const real *ids, *from;
    real *to;
} lookup_job;

/* -1: none */
static int64_t row_of(const lookup_job *j, int64_t i) {
    real id = j->ids[i];
    return id > -1 && id < (real)j->rows ? (int64_t)id : -1;
}

static void lookup_block(void *arg, size_t block, size_t worker) {
    const lookup_job *j = arg;
    int64_t first = (int64_t)block * j->block, end = first + visml_block_length((int64_t)block, j->block, j->n);
    (void)worker;
    for (int64_t i = first; i < end; i++) {
        int64_t row = row_of(j, i);
        real *y = j->to + i * j->width;
        if (row >= 0)
            memcpy(y, j->from + row * j->width, (size_t)j->width * sizeof *y);
        for (int64_t k = 0; row < 0 && k < j->width; k++)
            y[k] = (real)NAN;
    }
}

void visml_lookup(const visml_compute *c, int64_t n, const real *ids, int64_t rows, int64_t width, const real *table, real *y) {
    lookup_job j = {c->kernels, n, rows, width, visml_span_rows(width), ids, table, y};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(n, j.block), lookup_block, &j);
}

/* Some rows of the table. */
static void add_block(void *arg, size_t block, size_t worker) {
    const lookup_job *j = arg;
    int64_t first = (int64_t)block * j->block, count = visml_block_length((int64_t)block, j->block, j->rows);
    (void)worker;
    memset(j->to + first * j->width, 0, (size_t)(count * j->width) * sizeof *j->to);
    for (int64_t i = 0; i < j->n; i++) {
        int64_t row = row_of(j, i);
        if (row >= first && row < first + count)
            j->k->sum((size_t)j->width, j->to + row * j->width, j->from + i * j->width, j->to + row * j->width);
    }
}

void visml_lookup_backward(const visml_compute *c, int64_t n, const real *ids, int64_t rows, int64_t width, const real *dy, real *sums) {
    lookup_job j = {c->kernels, n, rows, width, visml_blocks(rows, PARTS), ids, dy, sums};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, j.block), add_block, &j);
}
