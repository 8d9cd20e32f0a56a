#include "feature/column_sums.h"

#include <string.h>

#include "feature/pairs.h"
#include "kernel/span.h"

#define ROWS 4096 /* whose sums one thread has */

visml_status visml_column_sums_begin(visml_transform *t, const visml_compute *c, int64_t d, uint64_t seed, visml_error *err) {
    visml_memory *m = &t->object.context->memory;
    (void)c, (void)seed;
    visml_mem_free(m, t->work);
    visml_column_sums *s = t->work = visml_mem_zalloc(m, 1, sizeof *s + 2 * (size_t)d * sizeof(double), err);
    if (!s)
        return VISML_ENOMEM;
    s->d = d;
    return VISML_OK;
}

visml_status visml_column_sums_add(visml_transform *t, const visml_compute *c, const visml_vector_rows *rows, visml_error *err) {
    visml_column_sums *s = t->work;
    const double *mean = s->at;
    (void)c, (void)err;
    if (t->pass == 0)
        s->n += rows->n;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t j = 0; j < s->d; j++) {
            double x = (double)rows->x[i * s->d + j], off = x - mean[j] / (double)s->n;
            if (t->pass == 0)
                s->at[j] += x;
            else
                s->at[s->d + j] += off * off;
        }
    return VISML_OK;
}

/* ---- sums alone ---- */

typedef struct job {
    int64_t n, d;
    const float *x;
    double *sums; /* [blocks, d] */
} job;

static void add_rows(void *arg, size_t block, size_t worker) {
    const job *j = arg;
    int64_t first = (int64_t)block * ROWS, rows = visml_block_length((int64_t)block, ROWS, j->n);
    double *sum = j->sums + (int64_t)block * j->d;
    (void)worker;
    memset(sum, 0, (size_t)j->d * sizeof *sum);
    for (int64_t i = first; i < first + rows; i++)
        visml_pair_add_floats(j->d, j->x + i * j->d, sum);
}

visml_status visml_add_columns(visml_memory *m, const visml_compute *c, int64_t n, int64_t d, const float *x, double *sum,
                               visml_error *err) {
    int64_t blocks = visml_blocks(n, ROWS);
    job j = {n, d, x, visml_mem_alloc(m, (size_t)(blocks * d) * sizeof *j.sums, err)};
    if (!j.sums)
        return VISML_ENOMEM;
    visml_parallel_run(c->parallel, (size_t)blocks, add_rows, &j);
    for (int64_t b = 0; b < blocks; b++)
        visml_pair_add_times(d, 1, j.sums + b * d, sum);
    visml_mem_free(m, j.sums);
    return VISML_OK;
}
