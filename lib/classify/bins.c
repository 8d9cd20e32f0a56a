#include "classify/bins.h"

#include <float.h>
#include <math.h>
#include <string.h>

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
    cuts[bins] = FLT_MAX;
    return bins + 1;
}

typedef struct cut_job {
    visml_bins *b;
    const visml_samples *s;
    int64_t step, most_samples; /* every step-th row; so many at most */
    int32_t max_bin;
    char *scratch; /* [workers, scratch_bytes] */
    size_t scratch_bytes;
} cut_job;

/* Values of one column with their weights; the missing are only noted. */
typedef struct column_samples {
    int64_t n;
    float *values;
    double *weights;
    int32_t missing;
} column_samples;

static void take_sample(column_samples *c, float v, double weight) {
    if (isnan(v)) {
        c->missing = 1;
        return;
    }
    c->values[c->n] = v;
    c->weights[c->n++] = weight;
}

static void finish_column(const cut_job *j, column_samples *c, int64_t column, void *scratch) {
    visml_bin_column *to = j->b->columns + column;
    int32_t most = c->missing && j->max_bin == VISML_MOST_BINS ? VISML_MOST_BINS - 1 : j->max_bin;
    int64_t count = visml_column_values(c->n, c->values, c->weights, scratch);
    to->missing = c->missing;
    to->count = choose_cuts(count, c->values, c->weights, most, to->cuts);
}

static size_t column_bytes(int64_t samples) {
    return (size_t)samples * (sizeof(float) + sizeof(double));
}

/* A block of columns is read row by row, so that lines of the cache are read once. */
static void cut_block(void *arg, size_t block, size_t worker) {
    const cut_job *j = arg;
    int64_t from = (int64_t)block * COLUMNS, to = from + COLUMNS < j->b->d ? from + COLUMNS : j->b->d;
    char *scratch = j->scratch + worker * j->scratch_bytes;
    column_samples columns[COLUMNS] = {{0}};
    for (int c = 0; c < COLUMNS; c++) {
        columns[c].weights = (double *)(void *)(scratch + (size_t)c * (size_t)j->most_samples * sizeof(double));
        columns[c].values = (float *)(void *)(scratch + (size_t)j->most_samples * (COLUMNS * sizeof(double) + (size_t)c * sizeof(float)));
    }
    for (int64_t i = 0; i < j->s->n; i += j->step) {
        double weight = visml_samples_weight(j->s, i);
        for (int64_t c = from; weight > 0 && c < to; c++)
            take_sample(&columns[c - from], visml_samples_at(j->s, i, c), weight);
    }
    for (int64_t c = from; c < to; c++)
        finish_column(j, &columns[c - from], c, scratch + COLUMNS * column_bytes(j->most_samples));
}

static int32_t block_width(const visml_bins *b, int64_t block) {
    int32_t most = 0;
    for (int64_t c = block * COLUMNS; c < b->d && c < (block + 1) * COLUMNS; c++) {
        int32_t bins = b->columns[c].count + b->columns[c].missing;
        most = bins > most ? bins : most;
    }
    return most <= 1 ? 0 : most <= 16 ? 16 : most <= 64 ? 64 : 256;
}

static visml_status find_cuts(visml_bins *b, const visml_compute *k, const visml_samples *s, int32_t max_bin, visml_error *err) {
    int64_t step = (s->n + MOST_SAMPLES - 1) / MOST_SAMPLES, samples = (s->n + step - 1) / step;
    size_t bytes = COLUMNS * column_bytes(samples) + visml_column_values_scratch(samples);
    cut_job j = {.b = b, .s = s, .step = step, .most_samples = samples, .max_bin = max_bin, .scratch_bytes = (bytes + 63) / 64 * 64};
    j.scratch = visml_mem_alloc(b->memory, k->parallel->workers * j.scratch_bytes, err);
    if (!j.scratch)
        return VISML_ENOMEM;
    visml_parallel_run(k->parallel, (size_t)b->blocks, cut_block, &j);
    visml_mem_free(b->memory, j.scratch);
    for (int64_t i = 0; i < b->blocks; i++)
        b->widths[i] = block_width(b, i);
    return VISML_OK;
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
    uint16_t first[CELLS + 1]; /* cuts in the cells before */
} cut_guide;

static int32_t cell_of(const cut_guide *g, float v) {
    float cell = (v - g->low) * g->scale;
    return cell >= CELLS - 1 ? CELLS - 1 : cell > 0 ? (int32_t)cell : 0;
}

static void make_guide(cut_guide *g, const visml_bin_column *column) {
    int32_t cuts = column->count - 1, next = 0;
    float span = cuts > 1 ? column->cuts[cuts - 1] - column->cuts[0] : 0;
    *g = (cut_guide){.column = column, .low = cuts > 0 ? column->cuts[0] : 0};
    g->scale = span > FLT_MIN && span <= FLT_MAX ? (CELLS - 1) / span : 0;
    if (!isfinite(g->scale))
        g->scale = 0;
    for (int32_t cell = 0; cell < CELLS; cell++) {
        g->first[cell] = (uint16_t)next;
        while (next < cuts && cell_of(g, column->cuts[next]) == cell)
            next++;
    }
    g->first[CELLS] = (uint16_t)next;
}

static uint8_t code_of(const cut_guide *g, float v) {
    if (isnan(v))
        return (uint8_t)(g->column->missing ? g->column->count : 0);
    int32_t cell = cell_of(g, v), low = g->first[cell], high = g->first[cell + 1];
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
} fill_job;

static void fill_block(void *arg, size_t block, size_t worker) {
    const fill_job *j = arg;
    int64_t from = (int64_t)block * COLUMNS, columns = from + COLUMNS < j->b->d ? COLUMNS : j->b->d - from;
    uint8_t *codes = j->b->codes + ((int64_t)block * j->b->n + j->first) * COLUMNS;
    cut_guide guides[COLUMNS];
    (void)worker;
    for (int64_t c = 0; c < columns; c++)
        make_guide(&guides[c], &j->b->columns[from + c]);
    for (int64_t i = 0; i < j->s->n; i++)
        for (int64_t c = 0; c < columns; c++)
            codes[i * COLUMNS + c] = code_of(&guides[c], visml_samples_at(j->s, i, from + c));
}

void visml_bins_fill(visml_bins *b, const visml_compute *k, const visml_samples *s, int64_t first) {
    fill_job j = {.b = b, .s = s, .first = first};
    visml_parallel_run(k->parallel, (size_t)b->blocks, fill_block, &j);
}
