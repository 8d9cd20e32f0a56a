#include "classify/cholesky.h"

#include <math.h>

#include "base/error.h"
#include "kernel/span.h"

#define PANEL 64 /* columns at a time */
#define ROWS 32  /* of a piece of work */

typedef struct panel {
    double *a;
    int64_t n, first, end;
} panel;

/* Eight sums side by side. */
static double dot(int64_t n, const double *x, const double *y) {
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++)
            s[l] += x[i + l] * y[i + l];
    for (; i < n; i++)
        s[0] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The rows of a piece, from row `begin` on. */
static int64_t piece_end(const panel *p, int64_t begin) {
    return begin + ROWS < p->n ? begin + ROWS : p->n;
}

#define TALL 4 /* rows, and columns, whose products are added up together: numbers are loaded less often */
#define WIDE 2

/* Products of rows with others, two sums side by side for each. */
static void dots(int64_t n, int64_t ld, const double *x, const double *y, double out[TALL][WIDE]) {
    double s[TALL][WIDE][2] = {0};
    int64_t i = 0;
    for (; i + 2 <= n; i += 2)
        for (int a = 0; a < TALL; a++)
            for (int b = 0; b < WIDE; b++)
                for (int l = 0; l < 2; l++)
                    s[a][b][l] += x[a * ld + i + l] * y[b * ld + i + l];
    for (int a = 0; a < TALL; a++)
        for (int b = 0; b < WIDE; b++)
            out[a][b] = s[a][b][0] + s[a][b][1] + (i < n ? x[a * ld + i] * y[b * ld + i] : 0);
}

/* What the columns before the panel take off rows i ... i + TALL - 1, columns j and j + 1; nothing above the diagonal. */
static void take_off_some(const panel *p, int64_t i, int64_t j) {
    double off[TALL][WIDE];
    dots(p->first, p->n, p->a + i * p->n, p->a + j * p->n, off);
    for (int a = 0; a < TALL; a++)
        for (int b = 0; b < WIDE && j + b <= i + a; b++)
            p->a[(i + a) * p->n + j + b] -= off[a][b];
}

/* Pieces and panels begin at even rows: column j + 1 is one of the panel, for there is a row i + TALL - 1 that is no less. */
static void take_off(void *arg, size_t piece, size_t worker) {
    const panel *p = arg;
    int64_t begin = p->first + (int64_t)piece * ROWS, end = piece_end(p, begin), i = begin;
    (void)worker;
    for (; i + TALL <= end; i += TALL)
        for (int64_t j = p->first; j < p->end && j <= i + TALL - 1; j += WIDE)
            take_off_some(p, i, j);
    for (; i < end; i++)
        for (int64_t j = p->first; j < p->end && j <= i; j++)
            p->a[i * p->n + j] -= dot(p->first, p->a + i * p->n, p->a + j * p->n);
}

/* Columns of the panel of row i, of which those before column `end` are wanted. */
static void divide_row(const panel *p, int64_t i, int64_t end) {
    double *row = p->a + i * p->n;
    for (int64_t j = p->first; j < end; j++) {
        const double *l = p->a + j * p->n;
        row[j] = (row[j] - dot(j - p->first, row + p->first, l + p->first)) / l[j];
    }
}

static void divide(void *arg, size_t piece, size_t worker) {
    const panel *p = arg;
    int64_t begin = p->end + (int64_t)piece * ROWS, end = piece_end(p, begin);
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        divide_row(p, i, p->end);
}

/* The square on the diagonal. */
static int factor(const panel *p, const double *diagonal, double least) {
    for (int64_t j = p->first; j < p->end; j++) {
        double *row = p->a + j * p->n;
        divide_row(p, j, j);
        double pivot = row[j] - dot(j - p->first, row + p->first, row + p->first);
        if (!(pivot > least * diagonal[j - p->first]) || !(pivot > 0))
            return 0;
        row[j] = sqrt(pivot);
    }
    return 1;
}

visml_status visml_cholesky(const visml_compute *c, const visml_fit_run *run, int64_t n, double *a, double least, int *positive,
                            visml_error *err) {
    *positive = 1;
    for (int64_t first = 0; first < n && *positive; first += PANEL) {
        panel p = {.a = a, .n = n, .first = first, .end = first + PANEL < n ? first + PANEL : n};
        double diagonal[PANEL];
        for (int64_t j = first; j < p.end; j++)
            diagonal[j - first] = a[j * n + j];
        visml_parallel_run(c->parallel, (size_t)visml_blocks(n - first, ROWS), take_off, &p);
        *positive = factor(&p, diagonal, least);
        if (*positive)
            visml_parallel_run(c->parallel, (size_t)visml_blocks(n - p.end, ROWS), divide, &p);
        if (run)
            VISML_TRY(visml_fit_tick(run, 0, 1, NAN, NAN, err));
    }
    return VISML_OK;
}

void visml_cholesky_forward(int64_t n, const double *l, double *x) {
    for (int64_t i = 0; i < n; i++)
        x[i] = (x[i] - dot(i, l + i * n, x)) / l[i * n + i];
}

void visml_cholesky_backward(int64_t n, const double *l, double *x) {
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] /= l[i * n + i];
        for (int64_t j = 0; j < i; j++)
            x[j] -= l[i * n + j] * x[i];
    }
}

void visml_cholesky_solve(int64_t n, const double *l, double *x) {
    visml_cholesky_forward(n, l, x);
    visml_cholesky_backward(n, l, x);
}

void visml_cholesky_apply(int64_t n, const double *l, double *x) {
    for (int64_t i = 0; i < n; i++) {
        double v = x[i];
        x[i] *= l[i * n + i];
        for (int64_t j = 0; j < i; j++)
            x[j] += l[i * n + j] * v;
    }
}
