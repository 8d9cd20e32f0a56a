#include "classify/normal_equations.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/gram.h"
#include "kernel/span.h"

#define ROWS 1024 /* of a product in float */
#define SLICE 32  /* of which are filled at a time */

typedef struct visml_normal_equations_room {
    float *block; /* [ROWS, length]: rows with ones and targets, weighed */
    float *lines; /* [SLICE, d] for each thread: rows that do not lie side by side */
    float *shift; /* [d]: as float */
    visml_gram gram;
    const visml_normal_equations *equations; /* while rows are filled */
    const visml_samples *samples;
    int64_t begin, rows;
} room;

/* Of shift, of what the products take off (nothing: that is done before rows are weighed), of a block. */
static size_t floats_of(const visml_normal_equations *e) {
    return (size_t)((ROWS + 2) * e->length) + e->compute->parallel->workers * (size_t)(SLICE * e->d);
}

visml_status visml_normal_equations_begin(visml_normal_equations *e, visml_memory *m, visml_error *err) {
    size_t n = (size_t)(e->length = e->d + 1 + e->outputs);
    room *r = e->room = visml_mem_zalloc(m, 1, sizeof *r, err);
    e->gram = r ? visml_mem_zalloc(m, n, (n + 1) * sizeof(double), err) : NULL;
    float *floats = e->gram ? visml_mem_zalloc(m, floats_of(e), sizeof(float), err) : NULL;
    if (!floats)
        return VISML_ENOMEM;
    e->shift = e->gram + n * n;
    r->block = floats;
    r->shift = floats + ROWS * n;
    r->lines = r->shift + 2 * n;
    r->gram = (visml_gram){.d = e->length, .middle = r->shift + n, .squares = e->gram};
    r->gram.scratch = visml_mem_alloc(m, visml_gram_scratch(e->compute, e->length), err);
    return r->gram.scratch ? VISML_OK : VISML_ENOMEM;
}

void visml_normal_equations_end(visml_normal_equations *e, visml_memory *m) {
    visml_mem_free(m, e->gram);
    if (!e->room)
        return;
    visml_mem_free(m, e->room->block);
    visml_mem_free(m, e->room->gram.scratch);
    visml_mem_free(m, e->room);
}

/* The first rows decide; that they count as much as they weigh keeps rows without weight out of it. */
static void find_shift(visml_normal_equations *e, const visml_samples *s) {
    int64_t rows = s->n < ROWS ? s->n : ROWS;
    double total = 0;
    for (int64_t i = 0; i < rows; i++) {
        double weight = visml_samples_weight(s, i);
        total += weight;
        for (int64_t j = 0; j < e->d; j++)
            e->shift[j] += weight * (double)visml_samples_at(s, i, j);
        if (s->targets && e->outputs)
            e->shift[e->d + 1] += weight * (double)s->targets[i];
    }
    for (int64_t j = 0; j < e->length; j++)
        e->shift[j] = total > 0 ? (double)(float)(e->shift[j] / total) : 0;
    for (int64_t j = 0; j < e->d; j++)
        e->room->shift[j] = (float)e->shift[j];
    e->started = total > 0;
}

static void fill_row(const visml_normal_equations *e, const visml_samples *s, int64_t i, const float *x, float *to) {
    float root = s->weights ? sqrtf(s->weights[i]) : 1;
    const float *shift = e->room->shift;
    for (int64_t j = 0; j < e->d; j++)
        to[j] = root * (x[j] - shift[j]);
    to[e->d] = root;
    for (int64_t o = 0; o < e->outputs; o++) {
        float target = s->targets ? s->targets[i] - (float)e->shift[e->d + 1] : s->places[i] == o + (e->outputs == 1) ? 1 : -1;
        to[e->d + 1 + o] = root * target;
    }
}

static void fill_slice(void *arg, size_t slice, size_t worker) {
    const room *r = arg;
    const visml_normal_equations *e = r->equations;
    int64_t begin = (int64_t)slice * SLICE, n = visml_block_length((int64_t)slice, SLICE, r->rows), ld;
    const float *x = visml_samples_rows(r->samples, r->begin + begin, n, r->lines + (int64_t)worker * SLICE * e->d, &ld);
    for (int64_t i = 0; i < n; i++)
        fill_row(e, r->samples, r->begin + begin + i, x + i * ld, r->block + (begin + i) * e->length);
}

static void add_block(visml_normal_equations *e, const visml_samples *s, int64_t begin, int64_t rows) {
    room *r = e->room;
    r->equations = e, r->samples = s, r->begin = begin, r->rows = rows;
    visml_parallel_run(e->compute->parallel, (size_t)visml_blocks(rows, SLICE), fill_slice, r);
    visml_gram_add(e->compute, &r->gram, rows, r->block);
}

visml_status visml_normal_equations_add(visml_normal_equations *e, const visml_samples *s, visml_error *err) {
    if (!e->started)
        find_shift(e, s);
    for (int64_t begin = 0; begin < s->n; begin += ROWS) {
        add_block(e, s, begin, visml_block_length(begin / ROWS, ROWS, s->n));
        VISML_TRY(visml_fit_tick(e->run, 0, 1, NAN, NAN, err));
    }
    return VISML_OK;
}

double visml_normal_equations_product(const visml_normal_equations *e, int centred, int64_t i, int64_t j) {
    const double *ones = e->gram + e->d * e->length;
    double i_sum = i < e->d ? ones[i] : e->gram[i * e->length + e->d], v = e->gram[i * e->length + j];
    if (centred)
        return v - i_sum * ones[j] / ones[e->d];
    /* about 0, what was taken off being put back */
    double i_shift = e->shift[i], j_shift = e->shift[j];
    return v + i_sum * j_shift + i_shift * ones[j] + i_shift * j_shift * ones[e->d];
}
