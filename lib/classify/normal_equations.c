#include "classify/normal_equations.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/gram.h"
#include "kernel/kernels.h"

#define FIRST 1024                    /* rows that the shift comes from */
#define WORK ((int64_t)750 * 1000000) /* multiplications between two ticks: some 15 ms of one thread */
#define LEAST_ROWS 256

typedef struct visml_normal_equations_room {
    float *minus; /* [d]: the shift, to be added to rows */
    visml_gram gram;
    const visml_normal_equations *equations; /* while rows are filled */
    const visml_samples *samples;
    int64_t begin;
} room;

static void fill_rows(void *user, int64_t first, int64_t n, float *to);

visml_status visml_normal_equations_begin(visml_normal_equations *e, visml_memory *m, visml_error *err) {
    size_t n = (size_t)(e->length = e->d + 1 + e->outputs);
    room *r = e->room = visml_mem_zalloc(m, 1, sizeof *r, err);
    e->gram = r ? visml_mem_zalloc(m, n, (n + 1) * sizeof(double), err) : NULL;
    if (!e->gram)
        return VISML_ENOMEM;
    r->minus = visml_mem_zalloc(m, n, sizeof(float), err);
    r->gram.scratch = r->minus ? visml_mem_alloc(m, visml_gram_scratch(e->compute, e->length), err) : NULL;
    if (!r->gram.scratch)
        return VISML_ENOMEM;
    e->shift = e->gram + n * n;
    r->gram = (visml_gram){.d = e->length, .squares = e->gram, .scratch = r->gram.scratch, .fill = fill_rows, .user = r};
    return VISML_OK;
}

void visml_normal_equations_end(visml_normal_equations *e, visml_memory *m) {
    visml_mem_free(m, e->gram);
    if (!e->room)
        return;
    visml_mem_free(m, e->room->minus);
    visml_mem_free(m, e->room->gram.scratch);
    visml_mem_free(m, e->room);
}

/* The first rows decide; that they count as much as they weigh keeps rows without weight out of it. */
static void find_shift(visml_normal_equations *e, const visml_samples *s) {
    int64_t rows = s->n < FIRST ? s->n : FIRST;
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
        e->room->minus[j] = -(float)e->shift[j];
    e->started = total > 0;
}

/* x may be `to`. */
static void fill_row(const visml_normal_equations *e, const visml_samples *s, int64_t i, const float *x, float *to) {
    const visml_kernels *kernels = e->compute->kernels;
    float *targets = to + e->d + 1;
    kernels->sum((size_t)e->d, x, e->room->minus, to);
    to[e->d] = 1;
    for (int64_t o = 0; o < e->outputs; o++)
        targets[o] = s->targets ? s->targets[i] - (float)e->shift[e->d + 1] : s->places[i] == o + (e->outputs == 1) ? 1 : -1;
    if (s->weights)
        kernels->scale((size_t)e->length, to, sqrtf(s->weights[i]), 0, to);
}

static void fill_rows(void *user, int64_t first, int64_t n, float *to) {
    const room *r = user;
    const visml_samples *s = r->samples;
    visml_row_view view = visml_samples_view(s);
    for (int64_t i = r->begin + first; i < r->begin + first + n; i++, to += r->equations->length) {
        if (s->column_stride != 1)
            visml_row_view_copy(&view, i, to);
        fill_row(r->equations, s, i, s->column_stride == 1 ? s->x + i * s->row_stride : to, to);
    }
}

/* So many at a time that ticks come in time; more columns than that want rows enough for the sums in double not to count. */
static int64_t rows_at_a_time(const visml_normal_equations *e) {
    int64_t rows = 2 * WORK / e->length / e->length;
    return rows < LEAST_ROWS ? LEAST_ROWS : rows > VISML_GRAM_ROWS ? VISML_GRAM_ROWS : rows;
}

visml_status visml_normal_equations_add(visml_normal_equations *e, const visml_samples *s, visml_error *err) {
    room *r = e->room;
    int64_t step = rows_at_a_time(e);
    if (!e->started)
        find_shift(e, s);
    r->equations = e, r->samples = s;
    for (r->begin = 0; r->begin < s->n; r->begin += step) {
        visml_gram_add(e->compute, &r->gram, s->n - r->begin < step ? s->n - r->begin : step, NULL);
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
