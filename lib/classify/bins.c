#include "classify/bins.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/column_values.h"

#define COLUMNS VISML_BIN_COLUMNS
#define MOST_SAMPLES (INT64_C(1) << 17) /* rows that the cuts are made from */

/* ---- cuts ---- */

/* Bins of about equal weight; a number that weighs more than a bin gets one of its own, and the others share what is left. */
static int32_t choose_cuts(int64_t count, const float *values, const double *weights, int32_t most, float *cuts) {
    double left = 0, inside = 0;
    int32_t bins = 0;
    for (int64_t i = 0; i < count; i++)
        left += weights[i];
    for (int64_t i = 0; i + 1 < count && bins + 1 < most; i++) {
        inside += weights[i];
        if (count > most && inside * (most - bins) < left)
            continue;
        cuts[bins++] = values[i + 1];
        left -= inside;
        inside = 0;
    }
    return bins;
}

typedef struct cut_job {
    visml_bins *b;
    const visml_samples *s;
    int64_t samples, step; /* every step-th row */
    double *weights;       /* [samples] or NULL */
    int32_t max_bin;
    char *scratch; /* [workers, scratch_bytes]: what one column needs, then columns [CUT_COLUMNS, samples] */
    size_t scratch_bytes;
} cut_job;

/* What one column needs when it has many values: sums, different values, and scratch for finding them. */
static size_t column_bytes(int64_t samples) {
    return (size_t)samples * 2 * sizeof(double) + visml_column_values_scratch(samples);
}

/* Each value its own bin: the cuts are all but the first. */
static int32_t cut_column(const cut_job *j, const float *values, int32_t most, float *cuts, void *scratch) {
    int64_t n = j->samples, count = visml_few_values(n, values, most, cuts);
    if (count >= 0) {
        memmove(cuts, cuts + 1, (size_t)(count > 0 ? count - 1 : 0) * sizeof *cuts);
        return (int32_t)(count > 0 ? count - 1 : 0);
    }
    double *sums = scratch;
    float *different = (float *)(void *)(sums + n);
    count = visml_column_values(n, values, j->weights, different, sums, sums + 2 * n);
    return choose_cuts(count, different, sums, most, cuts);
}

static int has_missing(int64_t n, const float *values, const double *weights) {
    for (int64_t i = 0; i < n; i++)
        if (isnan(values[i]) && (!weights || weights[i] > 0))
            return 1;
    return 0;
}

#define CUT_COLUMNS 64 /* read at a time: four lines of the cache, of one page of memory */

/* A block of columns is read row by row. Rows without weight count as if all were missing. */
static void cut_block(void *arg, size_t block, size_t worker) {
    const cut_job *j = arg;
    int64_t from = (int64_t)block * CUT_COLUMNS, columns = from + CUT_COLUMNS < j->b->d ? CUT_COLUMNS : j->b->d - from;
    char *scratch = j->scratch + worker * j->scratch_bytes;
    float *values = (float *)(void *)(scratch + column_bytes(j->samples));
    for (int64_t i = 0; i < j->samples; i++)
        for (int64_t c = 0; c < columns; c++)
            values[c * j->samples + i] = j->weights && j->weights[i] <= 0 ? NAN : visml_samples_at(j->s, i * j->step, from + c);
    for (int64_t c = 0; c < columns; c++) {
        visml_bin_column *to = j->b->columns + from + c;
        to->missing = has_missing(j->samples, values + c * j->samples, j->weights);
        int32_t most = to->missing && j->max_bin == VISML_MOST_BINS ? VISML_MOST_BINS - 1 : j->max_bin;
        int32_t cuts = cut_column(j, values + c * j->samples, most, to->cuts, scratch);
        to->cuts[cuts] = INFINITY;
        to->count = cuts + 1;
    }
}

static int32_t block_width(const visml_bins *b, int64_t block) {
    int32_t most = 0;
    for (int64_t c = block * COLUMNS; c < b->d && c < (block + 1) * COLUMNS; c++) {
        int32_t bins = b->columns[c].count + b->columns[c].missing;
        most = bins > most ? bins : most;
    }
    return most <= 1 ? 0 : most <= 16 ? 16 : most <= 64 ? 64 : 256;
}

static visml_status take_weights(cut_job *j, visml_error *err) {
    if (!j->s->weights)
        return VISML_OK;
    j->weights = visml_mem_alloc(j->b->memory, (size_t)j->samples * sizeof *j->weights, err);
    for (int64_t i = 0; j->weights && i < j->samples; i++)
        j->weights[i] = (double)j->s->weights[i * j->step];
    return j->weights ? VISML_OK : VISML_ENOMEM;
}

static visml_status find_cuts(visml_bins *b, const visml_compute *k, const visml_samples *s, int32_t max_bin, visml_error *err) {
    int64_t step = (s->n + MOST_SAMPLES - 1) / MOST_SAMPLES, samples = (s->n + step - 1) / step;
    size_t bytes = (size_t)(b->d < CUT_COLUMNS ? b->d : CUT_COLUMNS) * (size_t)samples * sizeof(float) + column_bytes(samples);
    cut_job j = {.b = b, .s = s, .step = step, .samples = samples, .max_bin = max_bin, .scratch_bytes = (bytes + 63) / 64 * 64};
    VISML_TRY(take_weights(&j, err));
    j.scratch = visml_mem_alloc(b->memory, k->parallel->workers * j.scratch_bytes, err);
    if (j.scratch)
        visml_parallel_run(k->parallel, (size_t)((b->d + CUT_COLUMNS - 1) / CUT_COLUMNS), cut_block, &j);
    visml_mem_free(b->memory, j.weights);
    visml_mem_free(b->memory, j.scratch);
    for (int64_t i = 0; i < b->blocks; i++)
        b->widths[i] = block_width(b, i);
    return j.scratch ? VISML_OK : VISML_ENOMEM;
}

static visml_status make_room(visml_bins *b, visml_error *err) {
    b->columns = visml_mem_zalloc(b->memory, (size_t)b->d, sizeof *b->columns, err);
    b->cuts = b->columns ? visml_mem_zalloc(b->memory, (size_t)b->d, VISML_MOST_BINS * sizeof *b->cuts, err) : NULL;
    b->widths = b->cuts ? visml_mem_zalloc(b->memory, (size_t)b->blocks, sizeof *b->widths, err) : NULL;
    b->codes = b->widths ? visml_mem_zalloc(b->memory, (size_t)b->n, (size_t)b->blocks * COLUMNS, err) : NULL;
    for (int64_t c = 0; b->codes && c < b->d; c++)
        b->columns[c].cuts = b->cuts + c * VISML_MOST_BINS;
    return b->codes ? VISML_OK : VISML_ENOMEM;
}

visml_status visml_bins_new(visml_bins *b, visml_memory *m, const visml_compute *k, const visml_samples *s, int64_t rows, int32_t max_bin,
                            visml_error *err) {
    *b = (visml_bins){.memory = m, .n = rows, .d = s->d, .blocks = (s->d + COLUMNS - 1) / COLUMNS};
    visml_status status = make_room(b, err);
    if (status == VISML_OK)
        status = find_cuts(b, k, s, max_bin, err);
    if (status < 0)
        visml_bins_clear(b);
    return status;
}

void visml_bins_clear(visml_bins *b) {
    visml_mem_free(b->memory, b->columns);
    visml_mem_free(b->memory, b->cuts);
    visml_mem_free(b->memory, b->widths);
    visml_mem_free(b->memory, b->codes);
    *b = (visml_bins){0};
}

/* ---- codes ---- */

#define CELLS 256

/* Where a number is among the cuts: its cell of an equal grid says between which of them (a guide table, Chen and Asau 1974). Cells ascend
 * with the numbers, so that only cuts of the same cell are to be looked at. */
typedef struct cut_guide {
    const visml_bin_column *column;
    float low, scale;
    int32_t sparse; /* no cell has more than one cut */
    uint16_t first[CELLS + 1]; /* cuts in the cells before */
} cut_guide;

static int32_t cell_of(const cut_guide *g, float v) {
    float cell = (v - g->low) * g->scale, least = cell > 0 ? cell : 0;
    return (int32_t)(least < CELLS - 1 ? least : CELLS - 1); /* both without branches: half of an image may be background */
}

static void make_guide(cut_guide *g, const visml_bin_column *column) {
    int32_t cuts = column->count - 1, next = 0;
    float span = cuts > 1 ? column->cuts[cuts - 1] - column->cuts[0] : 0;
    *g = (cut_guide){.column = column, .sparse = 1, .low = cuts > 0 ? column->cuts[0] : 0};
    g->scale = span > FLT_MIN && span <= FLT_MAX ? (CELLS - 1) / span : 0;
    if (!isfinite(g->scale))
        g->scale = 0;
    for (int32_t cell = 0; cell < CELLS; cell++) {
        g->first[cell] = (uint16_t)next;
        while (next < cuts && cell_of(g, column->cuts[next]) == cell)
            next++;
        g->sparse &= next - g->first[cell] <= 1;
    }
    g->first[CELLS] = (uint16_t)next;
}

static uint8_t code_of(const cut_guide *g, float v) {
    if (isnan(v))
        return (uint8_t)(g->column->missing ? g->column->count : 0);
    int32_t cell = cell_of(g, v), low = g->first[cell], high = g->first[cell + 1];
    if (g->sparse)
        return (uint8_t)(low + (v >= g->column->cuts[low])); /* there is always one more cut, greater than all numbers */
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (v >= g->column->cuts[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return (uint8_t)low;
}

typedef struct fill_job {
    visml_bins *b;
    const visml_samples *s;
    int64_t first;
    const cut_guide *guides; /* [d] */
} fill_job;

#define FILL_ROWS 32 /* read at a time: they stay in the cache, and so do the guides of a block of columns */

static void fill_block(void *arg, size_t block, size_t worker) {
    const fill_job *j = arg;
    const visml_samples *s = j->s;
    int64_t begin = (int64_t)block * FILL_ROWS, end = begin + FILL_ROWS < s->n ? begin + FILL_ROWS : s->n;
    (void)worker;
    for (int64_t from = 0; from < s->d; from += COLUMNS) {
        int64_t columns = from + COLUMNS < s->d ? COLUMNS : s->d - from;
        uint8_t *codes = j->b->codes + (from * j->b->n + j->first * COLUMNS);
        for (int64_t i = begin; i < end; i++)
            for (int64_t c = 0; c < columns; c++)
                codes[i * COLUMNS + c] = code_of(&j->guides[from + c], visml_samples_at(s, i, from + c));
    }
}

visml_status visml_bins_fill(visml_bins *b, const visml_compute *k, const visml_samples *s, int64_t first, visml_error *err) {
    cut_guide *guides = visml_mem_alloc(b->memory, (size_t)b->d * sizeof *guides, err);
    if (!guides)
        return VISML_ENOMEM;
    for (int64_t c = 0; c < b->d; c++)
        make_guide(&guides[c], &b->columns[c]);
    fill_job j = {.b = b, .s = s, .first = first, .guides = guides};
    visml_parallel_run(k->parallel, (size_t)((s->n + FILL_ROWS - 1) / FILL_ROWS), fill_block, &j);
    visml_mem_free(b->memory, guides);
    return VISML_OK;
}
