#include "classify/bins.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/bins_guide.h"
#include "classify/column_values.h"
#include "classify/tree_columns.h"
#include "kernel/span.h"

#define COLUMNS VISML_BIN_COLUMNS
#define MOST_SAMPLES (INT64_C(1) << 17) /* rows that the cuts are made from */

/* ---- cuts ---- */

/* Bins of about equal weight; a number that weighs more than a bin ends one, and those behind it share what is left. */
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
    const uint8_t *missing; /* [d]: which columns miss numbers; NULL: samples are all rows and say so */
    int32_t max_bin;
    char *scratch; /* [workers, scratch_bytes]: what a column needs when it has many values */
    size_t scratch_bytes;
} cut_job;

/* Each value its own bin: the cuts are all but the first. Else: sums, different values, and scratch for finding them. */
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

/* Rows without weight then count as if all were missing. Returns whether one with a weight misses its number. */
static int take_rows(const cut_job *j, int64_t column, float *values) {
    int missing = 0;
    for (int64_t i = 0; i < j->samples; i++)
        if (j->weights && j->weights[i] <= 0)
            values[i] = NAN;
        else
            missing |= isnan(values[i]);
    return j->missing ? j->missing[column] : missing;
}

static void cut_work(void *user, int64_t column, float *values, size_t worker) {
    const cut_job *j = user;
    visml_bin_column *to = j->b->columns + column;
    to->missing = take_rows(j, column, values);
    int32_t most = to->missing && j->max_bin == VISML_MOST_BINS ? VISML_MOST_BINS - 1 : j->max_bin;
    int32_t cuts = cut_column(j, values, most, to->cuts, j->scratch + worker * j->scratch_bytes);
    to->cuts[cuts] = INFINITY;
    to->count = cuts + 1;
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

/* ---- what is missing in rows that are no samples ---- */

typedef struct missing_job {
    const visml_samples *s;
    uint8_t *missing; /* [workers, d] */
} missing_job;

#define MISSING_ROWS 256 /* of one piece of work */

static void missing_block(void *arg, size_t block, size_t worker) {
    const missing_job *j = arg;
    int64_t d = j->s->d, from = (int64_t)block * MISSING_ROWS, to = from + visml_block_length((int64_t)block, MISSING_ROWS, j->s->n);
    uint8_t *missing = j->missing + (int64_t)worker * d;
    for (int64_t i = from; i < to; i++)
        for (int64_t c = 0; c < d && visml_samples_weight(j->s, i) > 0; c++)
            missing[c] |= (uint8_t)(isnan(visml_samples_at(j->s, i, c)) != 0);
}

/* missing [workers, d], zeros; those of all workers to the first one's. */
static visml_status find_missing(const visml_samples *s, const visml_parallel *p, uint8_t *missing, const visml_fit_run *run, int64_t total,
                                 visml_error *err) {
    missing_job j = {.s = s, .missing = missing};
    visml_ticked_blocks blocks = {.fn = missing_block, .job = &j, .run = run, .total = total};
    VISML_TRY(visml_tick_blocks(&blocks, p, (size_t)visml_blocks(s->n, MISSING_ROWS), MISSING_ROWS * s->d, err));
    for (int64_t i = s->d; i < (int64_t)p->workers * s->d; i++)
        missing[i % s->d] |= missing[i];
    return VISML_OK;
}

/* ---- all cuts ---- */

static visml_status cut_all(cut_job *j, const visml_compute *k, const visml_cut_rules *rules, uint8_t *missing, const visml_fit_run *run,
                            visml_error *err) {
    if (!j->missing && j->step > 1) {
        VISML_TRY(find_missing(j->s, k->parallel, missing, run, rules->total, err));
        j->missing = missing;
    }
    VISML_TRY(take_weights(j, err));
    j->scratch = visml_mem_alloc(j->b->memory, k->parallel->workers * j->scratch_bytes, err);
    if (!j->scratch)
        return VISML_ENOMEM;
    visml_column_walk w = {.s = j->s, .rows = j->samples, .step = j->step, .work = cut_work, .user = j, .run = run, .total = rules->total};
    return visml_column_walk_run(&w, j->b->memory, k->parallel, err);
}

static visml_status find_cuts(visml_bins *b, const visml_compute *k, const visml_samples *s, const visml_cut_rules *rules,
                              const visml_fit_run *run, visml_error *err) {
    int64_t step = visml_blocks(s->n, MOST_SAMPLES), samples = visml_blocks(s->n, step);
    cut_job j = {.b = b, .s = s, .step = step, .samples = samples, .missing = rules->missing, .max_bin = rules->max_bin};
    j.scratch_bytes = ((size_t)samples * 2 * sizeof(double) + visml_column_values_scratch(samples) + 63) / 64 * 64;
    uint8_t *missing = visml_mem_zalloc(b->memory, k->parallel->workers, (size_t)b->d, err);
    visml_status status = missing ? cut_all(&j, k, rules, missing, run, err) : VISML_ENOMEM;
    visml_mem_free(b->memory, missing);
    visml_mem_free(b->memory, j.weights);
    visml_mem_free(b->memory, j.scratch);
    for (int64_t i = 0; status == VISML_OK && i < b->blocks; i++)
        b->widths[i] = block_width(b, i);
    return status;
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

visml_status visml_bins_new(visml_bins *b, visml_memory *m, const visml_compute *k, const visml_samples *s, const visml_cut_rules *rules,
                            const visml_fit_run *run, visml_error *err) {
    *b = (visml_bins){.memory = m, .n = rules->rows, .d = s->d, .blocks = visml_blocks(s->d, COLUMNS), .total = rules->total};
    visml_status status = make_room(b, err);
    if (status == VISML_OK)
        status = find_cuts(b, k, s, rules, run, err);
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

typedef struct fill_job {
    visml_bins *b;
    const visml_samples *s;
    int64_t first;
    const visml_cut_guide *guides; /* [d] */
} fill_job;

#define FILL_ROWS 32 /* read at a time: they stay in the cache, and so do the guides of a block of columns */

/* Codes of one column for some rows. */
static void fill_column(const fill_job *j, int64_t column, int64_t begin, int64_t n, uint8_t *codes) {
    const visml_bin_column *c = j->b->columns + column;
    float numbers[FILL_ROWS];
    uint8_t places[FILL_ROWS];
    for (int64_t i = 0; i < n; i++)
        numbers[i] = visml_samples_at(j->s, begin + i, column);
    visml_cut_places(&j->guides[column], n, numbers, places);
    for (int64_t i = 0; i < n; i++)
        codes[i * COLUMNS] = c->missing && isnan(numbers[i]) ? (uint8_t)c->count : places[i];
}

static void fill_block(void *arg, size_t block, size_t worker) {
    const fill_job *j = arg;
    int64_t begin = (int64_t)block * FILL_ROWS, n = visml_block_length((int64_t)block, FILL_ROWS, j->s->n);
    (void)worker;
    for (int64_t c = 0; c < j->s->d; c++)
        fill_column(j, c, begin, n, j->b->codes + (c / COLUMNS * j->b->n + j->first + begin) * COLUMNS + c % COLUMNS);
}

visml_status visml_bins_fill(visml_bins *b, const visml_compute *k, const visml_samples *s, int64_t first, const visml_fit_run *run,
                             visml_error *err) {
    visml_cut_guide *guides = visml_mem_alloc(b->memory, (size_t)b->d * sizeof *guides, err);
    if (!guides)
        return VISML_ENOMEM;
    for (int64_t c = 0; c < b->d; c++)
        visml_cut_guide_make(&guides[c], b->columns[c].count - 1, b->columns[c].cuts);
    fill_job j = {.b = b, .s = s, .first = first, .guides = guides};
    visml_ticked_blocks blocks = {.fn = fill_block, .job = &j, .run = run, .total = b->total};
    visml_status status = visml_tick_blocks(&blocks, k->parallel, (size_t)visml_blocks(s->n, FILL_ROWS), FILL_ROWS * s->d, err);
    visml_mem_free(b->memory, guides);
    return status;
}
