#include "kernel/resample.h"

#include "base/checked.h"
#include "kernel/kernels.h"
#include "kernel/span.h"

#ifndef VISML_REAL_DOUBLE

#define LANES 16 /* rows that the horizontal pass takes at a time */

typedef struct resample_job {
    const visml_kernels *k;
    visml_sample type;
    const visml_columns *s;
    const visml_taps *t;
    int64_t rows, n, block; /* block: rows of one piece */
    const char *in;
    char *out, *scratch;
    size_t part; /* bytes of scratch of one worker */
    int64_t bytes, in_width;
    const int64_t *from, *columns;
} resample_job;

/* A row before and after, turned into columns of 16 samples, up to whole vectors. */
static size_t part_bytes(visml_sample type, const visml_columns *s) {
    size_t samples = (size_t)(s->in_width + s->out_width) * (size_t)s->channels + 2 * LANES, bytes;
    if (!visml_size_mul(samples, LANES * (size_t)type, &bytes))
        return SIZE_MAX;
    return bytes;
}

size_t visml_resample_width_scratch(const visml_compute *c, visml_sample type, const visml_columns *s) {
    size_t bytes;
    if (!visml_size_mul(part_bytes(type, s), c->parallel->workers, &bytes))
        return SIZE_MAX; /* no allocation of this size succeeds */
    return bytes;
}

static void width_block(void *arg, size_t block, size_t worker) {
    const resample_job *j = arg;
    int64_t first = (int64_t)block * LANES, rows = visml_block_length((int64_t)block, LANES, j->rows);
    size_t sample = (size_t)j->type * (size_t)j->s->channels;
    const void *in = j->in + (size_t)(first * j->s->in_width) * sample;
    void *out = j->out + (size_t)(first * j->s->out_width) * sample, *scratch = j->scratch + worker * j->part;
    if (j->type == VISML_SAMPLE_U8)
        j->k->resample_cols_u8(j->s, rows, in, out, scratch);
    else if (j->type == VISML_SAMPLE_U16)
        j->k->resample_cols_u16(j->s, rows, in, out, scratch);
    else
        j->k->resample_cols_f32(j->s, rows, in, out, scratch);
}

void visml_resample_width(const visml_compute *c, visml_sample type, const visml_columns *s, int64_t rows, const void *in, void *out,
                          void *scratch) {
    resample_job j = {.k = c->kernels, .type = type, .s = s, .rows = rows, .in = in, .out = out, .scratch = scratch};
    j.part = part_bytes(type, s);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, LANES), width_block, &j);
}

static void height_row(const resample_job *j, int64_t y) {
    const visml_taps *t = j->t;
    const void *in = j->in + (size_t)(t->first[y] * j->n) * (size_t)j->type;
    void *out = j->out + (size_t)(y * j->n) * (size_t)j->type;
    if (j->type == VISML_SAMPLE_U8)
        j->k->resample_rows_u8(j->n, t->count[y], j->n, t->fixed + y * t->size, in, out);
    else if (j->type == VISML_SAMPLE_U16)
        j->k->resample_rows_u16(j->n, t->count[y], j->n, t->real + y * t->size, in, out);
    else
        j->k->resample_rows_f32(j->n, t->count[y], j->n, t->real + y * t->size, in, out);
}

static void height_block(void *arg, size_t block, size_t worker) {
    const resample_job *j = arg;
    int64_t first = (int64_t)block * j->block, end = first + visml_block_length((int64_t)block, j->block, j->rows);
    (void)worker;
    for (int64_t y = first; y < end; y++)
        height_row(j, y);
}

void visml_resample_height(const visml_compute *c, visml_sample type, const visml_taps *t, int64_t n, int64_t out_rows, const void *in,
                           void *out) {
    resample_job j = {.k = c->kernels, .type = type, .t = t, .rows = out_rows, .n = n, .in = in, .out = out};
    j.block = visml_span_rows(n);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(out_rows, j.block), height_block, &j);
}

static void nearest_block(void *arg, size_t block, size_t worker) {
    const resample_job *j = arg;
    int64_t first = (int64_t)block * j->block, end = first + visml_block_length((int64_t)block, j->block, j->rows);
    (void)worker;
    for (int64_t y = first; y < end; y++)
        j->k->resample_pick(j->n, j->columns, j->bytes, j->in + (size_t)(j->from[y] * j->in_width * j->bytes),
                            j->out + (size_t)(y * j->n * j->bytes));
}

void visml_resample_nearest(const visml_compute *c, int64_t bytes, int64_t in_width, int64_t height, int64_t width, const int64_t *rows,
                            const int64_t *columns, const void *in, void *out) {
    resample_job j = {.k = c->kernels, .rows = height, .n = width, .bytes = bytes, .in_width = in_width, .from = rows, .columns = columns};
    j.in = in;
    j.out = out;
    j.block = visml_span_rows(width);
    visml_parallel_run(c->parallel, (size_t)visml_blocks(height, j.block), nearest_block, &j);
}

#endif
