#include "kernel/reduce.h"

#include "kernel/kernels.h"
#include "kernel/span.h"

#define PIECES 64 /* of one array at most: their results are kept on the stack */

typedef struct reduce_job {
    const visml_kernels *k;
    const real *x, *y;
    size_t n, length; /* of a piece: a whole number of spans */
    real (*span)(const struct reduce_job *j, size_t from, size_t n);
    real (*join)(real a, real b);
    real results[PIECES];
} reduce_job;

static real span_sum(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_sum(n, j->x + from);
}

static real span_squares(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_squares(n, j->x + from);
}

static real span_abs(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_abs(n, j->x + from);
}

static real span_dot(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_dot(n, j->x + from, j->y + from);
}

static real span_max(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_max(n, j->x + from);
}

static real span_min(const reduce_job *j, size_t from, size_t n) {
    return j->k->reduce_min(n, j->x + from);
}

static real add(real a, real b) {
    return a + b;
}

static real larger(real a, real b) {
    return a > b || a != a ? a : b;
}

static real smaller(real a, real b) {
    return a < b || a != a ? a : b;
}

/* Spans are joined by a tree that carries like a binary counter: level[b] holds what 2^b spans gave. */
static void reduce_piece(void *arg, size_t piece, size_t worker) {
    reduce_job *j = arg;
    size_t from = piece * j->length, end = j->n - from < j->length ? j->n : from + j->length;
    real level[64], r = 0;
    size_t count = 0;
    (void)worker;
    for (; from < end; from += VISML_SPAN, count++) {
        r = j->span(j, from, end - from < VISML_SPAN ? end - from : VISML_SPAN);
        int b = 0;
        for (; count >> b & 1; b++)
            r = j->join(level[b], r);
        level[b] = r;
    }
    int started = 0;
    for (int b = 0; count >> b; b++)
        if (count >> b & 1) {
            r = started ? j->join(level[b], r) : level[b];
            started = 1;
        }
    j->results[piece] = r;
}

static real reduce(const visml_compute *c, reduce_job *j) {
    size_t spans = visml_spans(j->n);
    if (spans <= 1)
        return j->span(j, 0, j->n);
    j->length = (spans + PIECES - 1) / PIECES * VISML_SPAN;
    size_t pieces = (j->n + j->length - 1) / j->length;
    visml_parallel_run(c->parallel, pieces, reduce_piece, j);
    for (size_t step = 1; step < pieces; step *= 2)
        for (size_t i = 0; i + step < pieces; i += 2 * step)
            j->results[i] = j->join(j->results[i], j->results[i + step]);
    return j->results[0];
}

real visml_reduce_sum(const visml_compute *c, size_t n, const real *x) {
    reduce_job j = {.k = c->kernels, .x = x, .n = n, .span = span_sum, .join = add};
    return reduce(c, &j);
}

real visml_reduce_squares(const visml_compute *c, size_t n, const real *x) {
    reduce_job j = {.k = c->kernels, .x = x, .n = n, .span = span_squares, .join = add};
    return reduce(c, &j);
}

real visml_reduce_abs(const visml_compute *c, size_t n, const real *x) {
    reduce_job j = {.k = c->kernels, .x = x, .n = n, .span = span_abs, .join = add};
    return reduce(c, &j);
}

real visml_reduce_dot(const visml_compute *c, size_t n, const real *x, const real *y) {
    reduce_job j = {.k = c->kernels, .x = x, .y = y, .n = n, .span = span_dot, .join = add};
    return reduce(c, &j);
}

real visml_reduce_max(const visml_compute *c, size_t n, const real *x) {
    reduce_job j = {.k = c->kernels, .x = x, .n = n, .span = span_max, .join = larger};
    return reduce(c, &j);
}

real visml_reduce_min(const visml_compute *c, size_t n, const real *x) {
    reduce_job j = {.k = c->kernels, .x = x, .n = n, .span = span_min, .join = smaller};
    return reduce(c, &j);
}

/* The largest first, on all threads; then where it is. */
int64_t visml_reduce_argmax(const visml_compute *c, size_t n, const real *x) {
    real best = visml_reduce_max(c, n, x);
    for (size_t from = 0; from < n; from += VISML_SPAN) {
        int64_t at = c->kernels->reduce_argmax(n - from < VISML_SPAN ? n - from : VISML_SPAN, x + from);
        real here = x[from + (size_t)at];
        if (here == best || (best != best && here != here))
            return (int64_t)from + at;
    }
    return -1;
}
