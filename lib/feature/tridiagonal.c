#include "feature/tridiagonal.h"

#include <math.h>
#include <string.h>

#include "feature/pairs.h"
#include "kernel/span.h"

#define PANEL 32   /* reflections that the matrix is brought up to date for at a time */
#define ROWS 256   /* of the matrix for one thread, when it is multiplied, ... */
#define UPDATED 64 /* ... and when it is brought up to date */
#define STRIP 32   /* columns of a panel that stay in a first-level cache: 16 KiB */
#define GROUP 8    /* vectors that share a reflection */

/* Rows below `last` were brought up to date for all reflections but the `count` of this panel: of row last - s is v, and q lies in row s. */
typedef struct panel {
    int64_t n, last, count;
    double *a; /* [n, n] */
    double *q; /* [PANEL, n] */
    double *parts; /* [blocks of ROWS, n] */
    const double *v; /* of the product */
    int64_t rows;    /* of the product, of the update */
} panel;

static const double *reflection(const panel *w, int64_t s) {
    return w->a + (w->last - s) * w->n;
}

/* ---- a reflection ---- */

/* Reflects row[0 ... n - 1] onto its last place: v takes its place, with row <- row - 2 v (v row) / (v v) = (0, ..., 0, *e).
 * Returns v v / 2; 0: nothing to do. */
static double reflect(int64_t n, double *row, double *e) {
    double scale = 0;
    for (int64_t j = 0; j + 1 < n; j++)
        scale = fabs(row[j]) > scale ? fabs(row[j]) : scale;
    *e = row[n - 1];
    if (scale == 0)
        return 0;
    scale = fabs(row[n - 1]) > scale ? fabs(row[n - 1]) : scale;
    for (int64_t j = 0; j < n; j++)
        row[j] /= scale;
    double length = sqrt(visml_pair_dot(n, row, row)), last = row[n - 1], to = last > 0 ? -length : length;
    *e = to * scale;
    row[n - 1] = last - to;
    return to * to - last * to;
}

/* ---- the product of the matrix and v ---- */

/* Four rows from r on, columns before r, which is even: p[r ... r + 3] is added to once, p before r all along. */
static void multiply_four(int64_t r, int64_t n, const double *a, const double *v, double *p) {
    visml_pair factor[4], sum[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    VISML_UNROLL for (int t = 0; t < 4; t++)
        factor[t] = (visml_pair){v[r + t], v[r + t]};
    for (int64_t j = 0; j < r; j += 2) {
        visml_pair along = VISML_CONST_PAIR(v + j), to = VISML_CONST_PAIR(p + j);
        VISML_UNROLL for (int t = 0; t < 4; t++) {
            visml_pair x = VISML_CONST_PAIR(a + t * n + j);
            sum[t] += x * along;
            to += factor[t] * x;
        }
        VISML_PAIR(p + j) = to;
    }
    VISML_UNROLL for (int t = 0; t < 4; t++)
        p[r + t] += sum[t][0] + sum[t][1];
}

/* Row r, columns from `first` as far as the diagonal. */
static void multiply_end(int64_t first, int64_t r, const double *row, const double *v, double *p) {
    for (int64_t j = first; j < r; j++) {
        p[r] += row[j] * v[j];
        p[j] += v[r] * row[j];
    }
    p[r] += row[r] * v[r];
}

/* A block's part of the product; the last block, which is the largest, first. */
static void multiply_block(void *arg, size_t task, size_t worker) {
    const panel *w = arg;
    int64_t block = visml_blocks(w->rows, ROWS) - 1 - (int64_t)task, r = block * ROWS;
    int64_t end = r + visml_block_length(block, ROWS, w->rows);
    double *p = w->parts + block * w->n;
    (void)worker;
    memset(p, 0, (size_t)end * sizeof *p);
    for (; r + 4 <= end; r += 4) {
        multiply_four(r, w->n, w->a + r * w->n, w->v, p);
        for (int64_t t = 0; t < 4; t++)
            multiply_end(r, r + t, w->a + (r + t) * w->n, w->v, p);
    }
    for (; r < end; r++)
        multiply_end(0, r, w->a + r * w->n, w->v, p);
}

/* p [rows]: the matrix before this panel times v. */
static void multiply(panel *w, const visml_compute *c, int64_t rows, const double *v, double *p) {
    int64_t blocks = visml_blocks(rows, ROWS);
    w->v = v;
    w->rows = rows;
    visml_parallel_run(c->parallel, (size_t)blocks, multiply_block, w);
    memcpy(p, w->parts + (blocks - 1) * w->n, (size_t)rows * sizeof *p);
    for (int64_t b = blocks - 2; b >= 0; b--)
        visml_pair_add_times((b + 1) * ROWS, 1, w->parts + b * w->n, p);
}

/* ---- bringing up to date ---- */

/* Columns first ... end of row r; with `end` above r as far as the diagonal. */
static void update_row(const panel *w, int64_t r, int64_t first, int64_t end) {
    double *row = w->a + r * w->n;
    int64_t n = (end < r + 1 ? end : r + 1) - first;
    for (int64_t s = 0; s < w->count && n > 0; s++) {
        const double *v = reflection(w, s), *q = w->q + s * w->n;
        visml_pair_add_times(n, -v[r], q + first, row + first);
        visml_pair_add_times(n, -q[r], v + first, row + first);
    }
}

/* Four columns from j on of four rows from r on, all of them before the diagonal. */
static void update_four(const panel *w, int64_t r, int64_t j) {
    visml_pair x[4][2];
    double *at = w->a + r * w->n + j;
    VISML_UNROLL for (int t = 0; t < 4; t++)
        x[t][0] = VISML_PAIR(at + t * w->n), x[t][1] = VISML_PAIR(at + t * w->n + 2);
    for (int64_t s = 0; s < w->count; s++) {
        const double *v = reflection(w, s), *q = w->q + s * w->n;
        visml_pair v0 = VISML_CONST_PAIR(v + j), v1 = VISML_CONST_PAIR(v + j + 2);
        visml_pair q0 = VISML_CONST_PAIR(q + j), q1 = VISML_CONST_PAIR(q + j + 2);
        VISML_UNROLL for (int t = 0; t < 4; t++) {
            visml_pair vr = {v[r + t], v[r + t]}, qr = {q[r + t], q[r + t]};
            x[t][0] -= vr * q0;
            x[t][1] -= vr * q1;
            x[t][0] -= qr * v0;
            x[t][1] -= qr * v1;
        }
    }
    VISML_UNROLL for (int t = 0; t < 4; t++)
        VISML_PAIR(at + t * w->n) = x[t][0], VISML_PAIR(at + t * w->n + 2) = x[t][1];
}

static void update_block(void *arg, size_t task, size_t worker) {
    const panel *w = arg;
    int64_t block = visml_blocks(w->rows, UPDATED) - 1 - (int64_t)task, first = block * UPDATED;
    int64_t end = first + visml_block_length(block, UPDATED, w->rows);
    (void)worker;
    for (int64_t strip = 0; strip < end; strip += STRIP) {
        int64_t r = strip > first ? strip : first;
        for (; r + 4 <= end; r += 4) {
            int64_t j = strip, least = strip + STRIP < r ? strip + STRIP : r;
            for (; j + 4 <= least; j += 4)
                update_four(w, r, j);
            for (int64_t t = 0; t < 4; t++)
                update_row(w, r + t, j, strip + STRIP);
        }
        for (; r < end; r++)
            update_row(w, r, strip, strip + STRIP);
    }
}

/* All rows before `rows`; the panel is empty then. */
static void update(panel *w, const visml_compute *c, int64_t rows) {
    w->rows = rows;
    visml_parallel_run(c->parallel, (size_t)visml_blocks(rows, UPDATED), update_block, w);
    w->count = 0;
}

/* ---- the reduction ---- */

int64_t visml_tridiagonal_room(int64_t n) {
    return (PANEL + visml_blocks(n, ROWS)) * n;
}

/* p = (A v - what the panel's reflections change) / h, then q = p - v (p v) / (2 h): A - v q' - q v' is A reflected on both sides. */
static void find_q(panel *w, const visml_compute *c, int64_t n, double h, const double *v, double *q) {
    multiply(w, c, n, v, q);
    for (int64_t s = 0; s < w->count; s++) {
        const double *old_v = reflection(w, s), *old_q = w->q + s * w->n;
        double along_q = visml_pair_dot(n, old_q, v), along_v = visml_pair_dot(n, old_v, v);
        visml_pair_add_times(n, -along_q, old_v, q);
        visml_pair_add_times(n, -along_v, old_q, q);
    }
    for (int64_t j = 0; j < n; j++)
        q[j] /= h;
    visml_pair_add_times(n, -visml_pair_dot(n, v, q) / (2 * h), v, q);
}

void visml_tridiagonal_reduce(const visml_compute *c, int64_t n, double *a, double *d, double *e, double *h, double *room) {
    panel w = {.n = n, .a = a, .q = room, .parts = room + PANEL * n, .last = n - 1};
    e[0] = h[0] = 0;
    for (int64_t i = n - 1; i >= 1; i--) {
        double *v = a + i * n, *q = w.q + w.count * n;
        update_row(&w, i, 0, n);
        d[i] = v[i];
        h[i] = reflect(i, v, &e[i]);
        if (h[i] == 0) {
            memset(v, 0, (size_t)i * sizeof *v);
            memset(q, 0, (size_t)i * sizeof *q);
        } else {
            find_q(&w, c, i, h[i], v, q);
        }
        if (++w.count < PANEL && i > 1)
            continue;
        update(&w, c, i);
        w.last = i - 1;
    }
    d[0] = a[0];
}

/* ---- and back ---- */

typedef struct back_job {
    int64_t n, k;
    const double *a, *h;
    double *vectors;
} back_job;

/* Through the reflections, the smallest first. */
static void back_group(void *arg, size_t group, size_t worker) {
    const back_job *b = arg;
    int64_t count = visml_block_length((int64_t)group, GROUP, b->k);
    double *vectors = b->vectors + (int64_t)group * GROUP * b->n;
    (void)worker;
    for (int64_t i = 1; i < b->n; i++) {
        const double *v = b->a + i * b->n;
        for (int64_t j = 0; j < count && b->h[i] != 0; j++)
            visml_pair_add_times(i, -visml_pair_dot(i, v, vectors + j * b->n) / b->h[i], v, vectors + j * b->n);
    }
}

void visml_tridiagonal_back(const visml_compute *c, int64_t n, const double *a, const double *h, int64_t k, double *vectors) {
    back_job b = {.n = n, .k = k, .a = a, .h = h, .vectors = vectors};
    visml_parallel_run(c->parallel, (size_t)visml_blocks(k, GROUP), back_group, &b);
}
