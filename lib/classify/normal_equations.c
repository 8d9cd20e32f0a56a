#include "classify/normal_equations.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernel/gemm.h"
#include "kernel/span.h"

#define ROWS 1024  /* of a product in float */
#define SLICE 32   /* of which are filled at a time */
#define PANEL 256  /* columns of a product: what is above the diagonal is not computed */

typedef struct visml_normal_equations_room {
    float *block;   /* [ROWS, length] */
    float *product; /* [length, PANEL] */
    void *scratch;
    const visml_normal_equations *equations; /* while rows are filled */
    const visml_samples *samples;
    int64_t begin, rows;
} room;

static visml_gemm panel_product(const visml_normal_equations *e, int64_t rows, int64_t first) {
    const room *r = e->room;
    return (visml_gemm){.m = e->length - first, .n = e->length - first < PANEL ? e->length - first : PANEL, .k = rows,
                        .a = r->block ? r->block + first : NULL, .b = r->block ? r->block + first : NULL, .c = r->product,
                        .lda = e->length, .ldb = e->length, .ldc = PANEL, .trans_a = 1};
}

static size_t products_scratch(const visml_normal_equations *e) {
    size_t most = 0;
    for (int64_t first = 0; first < e->length; first += PANEL) {
        visml_gemm g = panel_product(e, ROWS, first);
        size_t bytes = visml_gemm_scratch(e->compute, &g);
        most = bytes > most ? bytes : most;
    }
    return most;
}

visml_status visml_normal_equations_begin(visml_normal_equations *e, visml_memory *m, visml_error *err) {
    size_t n = (size_t)(e->length = e->d + 1 + e->outputs);
    room *r = e->room = visml_mem_zalloc(m, 1, sizeof *r, err);
    e->gram = r ? visml_mem_zalloc(m, n, (n + 1) * sizeof(double), err) : NULL;
    if (!e->gram)
        return VISML_ENOMEM;
    e->shift = e->gram + n * n;
    r->scratch = visml_mem_alloc(m, products_scratch(e), err);
    r->block = r->scratch ? visml_mem_alloc(m, ROWS * n * sizeof(float), err) : NULL;
    r->product = r->block ? visml_mem_alloc(m, n * PANEL * sizeof(float), err) : NULL;
    return r->product ? VISML_OK : VISML_ENOMEM;
}

void visml_normal_equations_end(visml_normal_equations *e, visml_memory *m) {
    visml_mem_free(m, e->gram);
    if (!e->room)
        return;
    visml_mem_free(m, e->room->scratch);
    visml_mem_free(m, e->room->block);
    visml_mem_free(m, e->room->product);
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
    e->started = total > 0;
}

static void fill_row(const visml_normal_equations *e, const visml_samples *s, int64_t i, float *to) {
    float root = s->weights ? sqrtf(s->weights[i]) : 1;
    for (int64_t j = 0; j < e->d; j++)
        to[j] = root * (visml_samples_at(s, i, j) - (float)e->shift[j]);
    to[e->d] = root;
    for (int64_t o = 0; o < e->outputs; o++) {
        float target = s->targets ? s->targets[i] - (float)e->shift[e->d + 1] : s->places[i] == o + (e->outputs == 1) ? 1 : -1;
        to[e->d + 1 + o] = root * target;
    }
}

static void fill_slice(void *arg, size_t slice, size_t worker) {
    const room *r = arg;
    int64_t begin = (int64_t)slice * SLICE, end = begin + SLICE < r->rows ? begin + SLICE : r->rows;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        fill_row(r->equations, r->samples, r->begin + i, r->block + i * r->equations->length);
}

static void add_panel(const visml_normal_equations *e, int64_t first) {
    for (int64_t i = first; i < e->length; i++) {
        const float *from = e->room->product + (i - first) * PANEL;
        double *to = e->gram + i * e->length + first;
        int64_t columns = i - first + 1 < PANEL ? i - first + 1 : PANEL;
        for (int64_t j = 0; j < columns; j++)
            to[j] += (double)from[j];
    }
}

static void add_block(visml_normal_equations *e, const visml_samples *s, int64_t begin, int64_t rows) {
    room *r = e->room;
    r->equations = e, r->samples = s, r->begin = begin, r->rows = rows;
    visml_parallel_run(e->compute->parallel, (size_t)visml_blocks(rows, SLICE), fill_slice, r);
    for (int64_t first = 0; first < e->length; first += PANEL) {
        visml_gemm g = panel_product(e, rows, first);
        visml_gemm_run(e->compute, &g, r->scratch);
        add_panel(e, first);
    }
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
