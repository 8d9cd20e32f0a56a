#include "feature/gram.h"

#include <string.h>

#include "feature/pairs.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#define SLICE 8 /* rows that are packed at a time */

/* Rows lie as [panels of nr columns][n][nr], as the register blocks read the right factor; the left one lies in the same panels. */
typedef struct job {
    const visml_compute *c;
    const visml_gram *g;
    visml_blocking b;
    int64_t n, panels;
    const float *x;
    float *packed, *lines; /* lines: [SLICE, d] for each thread, of fill */
} job;

static size_t packed_floats(const visml_blocking *b, int64_t d) {
    return (size_t)(visml_blocks(d, b->nr) * b->nr) * VISML_GRAM_ROWS;
}

size_t visml_gram_scratch(const visml_compute *c, int64_t d) {
    visml_blocking b = c->kernels->gemm_blocking();
    return (packed_floats(&b, d) + c->parallel->workers * (size_t)(SLICE * d)) * sizeof(float);
}

static float *panel_of(const job *j, int64_t panel) {
    return j->packed + panel * j->n * j->b.nr;
}

/* A few rows at a time: as many streams as are read ahead. */
static void pack(void *arg, size_t slice, size_t worker) {
    const job *j = arg;
    int64_t nr = j->b.nr, d = j->g->d, first = (int64_t)slice * SLICE, rows = visml_block_length((int64_t)slice, SLICE, j->n);
    float *lines = j->lines + (int64_t)worker * SLICE * d;
    const float *from = j->g->fill ? lines : j->x + first * d;
    if (j->g->fill)
        j->g->fill(j->g->user, first, rows, lines);
    for (int64_t panel = 0; panel < j->panels; panel++) {
        int64_t columns = visml_block_length(panel, nr, d);
        const float *x = from + panel * nr;
        float *to = panel_of(j, panel) + first * nr;
        for (int64_t i = 0; i < rows; i++, x += d, to += nr) {
            if (j->g->shift)
                j->c->kernels->sum((size_t)columns, x, j->g->shift + panel * nr, to);
            else
                memcpy(to, x, (size_t)columns * sizeof *to);
            for (int64_t p = columns; p < nr; p++)
                to[p] = 0;
        }
    }
}

/* Columns of one panel, `first` ... `first` + f->rows, times those of another. */
static void multiply(const job *j, int64_t left, int64_t first, int64_t right, visml_finish *f) {
    int64_t nr = j->b.nr;
    visml_factors x = {.lda = nr, .ldb = nr, .segments = 1};
    for (int64_t k = 0; k < j->n; k += VISML_KC) {
        x.a = panel_of(j, left) + k * nr + first;
        x.b = panel_of(j, right) + k * nr;
        x.k = j->n - k < VISML_KC ? j->n - k : VISML_KC;
        f->add = k > 0;
        j->c->kernels->gemm_cols(&x, f);
    }
}

static void add(const job *j, int64_t row, int64_t column, const visml_finish *f) {
    const visml_gram *g = j->g;
    for (int64_t i = row; i < row + f->rows; i++) {
        double *to = g->squares + i * g->d + column;
        const float *sums = f->c + f->offset[i - row];
        int64_t end = i + 1 - column < f->cols ? i + 1 - column : f->cols;
        visml_pair_add_floats(end, sums, to);
    }
}

/* A pair of panels, the left one not before the right one, in register blocks of about equal size. */
static void multiply_pair(void *arg, size_t pair, size_t worker) {
    const job *j = arg;
    int64_t nr = j->b.nr, left = 0, right = (int64_t)pair, offset[VISML_MAX_MR];
    _Alignas(64) float sums[VISML_MAX_MR * VISML_MAX_NR];
    (void)worker;
    while (right > left)
        right -= ++left;
    int64_t columns = visml_block_length(left, nr, j->g->d), pieces = visml_blocks(columns, j->b.mr);
    visml_finish f = {.c = sums, .offset = offset};
    f.cols = (int32_t)visml_block_length(right, nr, j->g->d);
    for (int64_t i = 0; i < VISML_MAX_MR; i++)
        offset[i] = i * nr;
    for (int64_t i = 0, first = 0; i < pieces; i++, first += f.rows) {
        f.rows = (int32_t)((columns - first) / (pieces - i));
        multiply(j, left, first, right, &f);
        add(j, left * nr + first, right * nr, &f);
    }
}

void visml_gram_add(const visml_compute *c, const visml_gram *g, int64_t n, const float *x) {
    job j = {.c = c, .g = g, .b = c->kernels->gemm_blocking(), .n = n, .x = x, .packed = g->scratch};
    j.panels = visml_blocks(g->d, j.b.nr);
    j.lines = j.packed + packed_floats(&j.b, g->d);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(n, SLICE), pack, &j);
    visml_parallel_run(c->parallel, (size_t)(j.panels * (j.panels + 1) / 2), multiply_pair, &j);
}
