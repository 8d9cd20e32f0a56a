#include "classify/boosting_rows.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/classifier.h"

#define LEAST_SAMPLES 1024

/* Rows at equal distances: when there is no more room every second one goes, and the distance doubles. */
typedef struct row_sample {
    int64_t d, most, step, n, seen; /* seen: rows that have gone by */
    float *x, *weights;             /* [most, d], [most] */
    uint8_t *missing;               /* [d]: 1 where any row with a weight misses the number */
    int32_t weighted;
} row_sample;

static void thin_out(row_sample *s) {
    for (int64_t i = 0; 2 * i < s->n; i++) {
        memmove(s->x + i * s->d, s->x + 2 * i * s->d, (size_t)s->d * sizeof *s->x);
        s->weights[i] = s->weights[2 * i];
    }
    s->n = (s->n + 1) / 2;
    s->step *= 2;
}

/* Of all rows: what is missing has to have a bin of its own. */
static void note_missing(row_sample *s, const visml_samples *b) {
    for (int64_t i = 0; i < b->n; i++)
        for (int64_t j = 0; j < s->d && visml_samples_weight(b, i) > 0; j++)
            s->missing[j] |= (uint8_t)(isnan(visml_samples_at(b, i, j)) != 0);
}

static void sample_block(row_sample *s, const visml_samples *b) {
    s->weighted |= b->weights != NULL;
    for (int64_t i = 0; i < b->n; i++, s->seen++) {
        if (s->seen % s->step)
            continue;
        if (s->n == s->most)
            thin_out(s);
        if (s->seen % s->step)
            continue;
        for (int64_t j = 0; j < s->d; j++)
            s->x[s->n * s->d + j] = visml_samples_at(b, i, j);
        s->weights[s->n++] = (float)visml_samples_weight(b, i);
    }
}

typedef struct reading {
    visml_binned_rows *r;
    const visml_compute *k;
    visml_row_walk *walk;
    const visml_fit_run *run;
} reading;

static visml_status next(const reading *w, visml_samples *block, visml_error *err) {
    VISML_TRY(visml_fit_tick(w->run, 0, -1, NAN, NAN, err));
    return visml_row_walk_next(w->walk, w->k, block, err);
}

static visml_status take_sample(const reading *w, row_sample *s, int64_t bytes, visml_error *err) {
    visml_memory *m = w->r->memory;
    s->d = w->walk->d, s->step = 1;
    s->most = bytes / (s->d * (int64_t)sizeof(float));
    s->most = s->most > LEAST_SAMPLES ? s->most : LEAST_SAMPLES;
    s->x = visml_mem_alloc(m, (size_t)s->most * (size_t)s->d * sizeof *s->x, err);
    s->weights = s->x ? visml_mem_alloc(m, (size_t)s->most * sizeof *s->weights, err) : NULL;
    s->missing = s->weights ? visml_mem_zalloc(m, (size_t)s->d, 1, err) : NULL;
    if (!s->missing)
        return VISML_ENOMEM;
    for (visml_samples block;;) {
        VISML_TRY(next(w, &block, err));
        if (!block.n)
            return VISML_OK;
        note_missing(s, &block);
        sample_block(s, &block);
    }
}

static visml_status make_room(visml_binned_rows *r, const visml_row_walk *walk, const row_sample *s, visml_error *err) {
    size_t n = (size_t)s->seen;
    r->rows = (visml_samples){.n = s->seen, .d = s->d, .class_count = walk->classes ? walk->classes->count : 0};
    if (walk->classes)
        r->rows.places = r->places = visml_mem_alloc(r->memory, n * sizeof *r->places, err);
    else
        r->rows.targets = r->targets = visml_mem_alloc(r->memory, n * sizeof *r->targets, err);
    if (s->weighted)
        r->rows.weights = r->weights = visml_mem_alloc(r->memory, n * sizeof *r->weights, err);
    return (r->places || r->targets) && (r->weights || !s->weighted) ? VISML_OK : VISML_ENOMEM;
}

static visml_status read_block(const reading *w, const visml_samples *b, int64_t first, visml_error *err) {
    visml_binned_rows *r = w->r;
    if (first + b->n > r->rows.n)
        return visml_fail(err, VISML_EINVAL, "%s: the source's second walk has more rows than its first", w->walk->what);
    if (r->places)
        memcpy(r->places + first, b->places, (size_t)b->n * sizeof *r->places);
    else
        memcpy(r->targets + first, b->targets, (size_t)b->n * sizeof *r->targets);
    for (int64_t i = 0; r->weights && i < b->n; i++)
        r->weights[first + i] = (float)visml_samples_weight(b, i);
    return visml_bins_fill(&r->bins, w->k, b, first, w->run, err);
}

static visml_status read_blocks(const reading *w, visml_error *err) {
    int64_t first = 0;
    for (visml_samples block;; first += block.n) {
        VISML_TRY(next(w, &block, err));
        if (!block.n)
            break;
        VISML_TRY(read_block(w, &block, first, err));
    }
    return first == w->r->rows.n ? VISML_OK
                                 : visml_fail(err, VISML_EINVAL, "%s: the source's second walk has fewer rows than its first",
                                              w->walk->what);
}

static visml_status read_all(const reading *w, row_sample *s, int32_t max_bin, int64_t sample_bytes, visml_error *err) {
    VISML_TRY(take_sample(w, s, sample_bytes, err));
    visml_samples sample = {.n = s->n, .d = s->d, .x = s->x, .row_stride = s->d, .column_stride = 1,
                            .weights = s->weighted ? s->weights : NULL};
    visml_cut_rules rules = {.rows = s->seen, .max_bin = max_bin, .missing = s->missing, .total = -1};
    VISML_TRY(visml_bins_new(&w->r->bins, w->r->memory, w->k, &sample, &rules, w->run, err));
    VISML_TRY(make_room(w->r, w->walk, s, err));
    return read_blocks(w, err);
}

visml_status visml_binned_rows_read(visml_binned_rows *r, visml_memory *m, const visml_compute *k, visml_row_walk *walk, int32_t max_bin,
                                    int64_t sample_bytes, const visml_fit_run *run, visml_error *err) {
    reading w = {.r = r, .k = k, .walk = walk, .run = run};
    row_sample s = {0};
    *r = (visml_binned_rows){.memory = m};
    visml_status status = read_all(&w, &s, max_bin, sample_bytes, err);
    visml_mem_free(m, s.x);
    visml_mem_free(m, s.weights);
    visml_mem_free(m, s.missing);
    if (status < 0)
        visml_binned_rows_clear(r);
    return status;
}

void visml_binned_rows_clear(visml_binned_rows *r) {
    visml_mem_free(r->memory, r->places);
    visml_mem_free(r->memory, r->targets);
    visml_mem_free(r->memory, r->weights);
    if (r->bins.memory)
        visml_bins_clear(&r->bins);
    *r = (visml_binned_rows){.memory = r->memory};
}
