/* How likely the components of a mixture have made a row: by matrix products, in floats. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/gmm.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"

#define ROWS VISML_MIXTURE_ROWS
#define PANEL VISML_MIXTURE_PANEL
#define LOG_TAU 1.8378770664093453 /* log(2 pi) */

static int64_t align(int64_t floats) {
    return (floats + 15) / 16 * 16;
}

static int64_t factors_count(int64_t d, int64_t k, int32_t full) {
    return full ? align(k * d * d) : align(k * 2 * d);
}

size_t visml_mixture_bytes(int64_t d, int64_t k, int32_t full) {
    return (size_t)(align(d) + factors_count(d, k, full) + align(k * d) + align(k)) * sizeof(float);
}

visml_mixture_plan visml_mixture_plan_of(void *memory, int64_t d, int64_t k, int32_t full) {
    visml_mixture_plan p = {.d = d, .k = k, .full = full, .shift = memory};
    p.factors = p.shift + align(d);
    p.centers = p.factors + factors_count(d, k, full);
    p.offset = p.centers + align(k * d);
    return p;
}

/* log N(x) = offset + sum of (x^2 a + x b), x relative to the shift. */
static void prepare_diagonal(const visml_mixture *mix, const visml_mixture_plan *p, int64_t k) {
    double offset = log(mix->weights[k]) - 0.5 * (double)mix->d * LOG_TAU;
    float *to = p->factors + k * 2 * mix->d;
    for (int64_t j = 0; j < mix->d; j++) {
        double v = mix->covariances[k * mix->d + j], m = mix->means[k * mix->d + j] - (double)p->shift[j];
        to[j] = (float)(-0.5 / v);
        to[mix->d + j] = (float)(m / v);
        offset -= 0.5 * (log(v) + m * m / v);
    }
    p->offset[k] = (float)offset;
}

/* Four sums side by side. */
static double dot(int64_t n, const double *x, const double *y) {
    double s[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int l = 0; l < 4; l++)
            s[l] += x[i + l] * y[i + l];
    for (; i < n; i++)
        s[0] += x[i] * y[i];
    return (s[0] + s[2]) + (s[1] + s[3]);
}

/* The lower root of a covariance (Cholesky); 0 when there is none. */
static int root_of(int64_t d, const double *a, double *l) {
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            double left = a[i * d + j] - dot(j, l + i * d, l + j * d);
            if (i == j && !(left > 0))
                return 0;
            l[i * d + j] = i == j ? sqrt(left) : left / l[j * d + j];
        }
    return 1;
}

#define STEP 8 /* numbers that are computed with together */

/* to -= factor from */
static void take_off(int64_t n, double factor, const double *from, double *to) {
    double some[STEP];
    int64_t j = 0;
    for (; j + STEP <= n; j += STEP) {
        for (int l = 0; l < STEP; l++)
            some[l] = to[j + l] - factor * from[j + l];
        memcpy(to + j, some, sizeof some);
    }
    for (; j < n; j++)
        to[j] -= factor * from[j];
}

/* In place: a lower triangle becomes its inverse, row after row. Returns the sum of the logs of its diagonal, before. */
static double invert(int64_t d, double *l, double *row) {
    double logs = 0;
    for (int64_t i = 0; i < d; i++) {
        double diagonal = l[i * d + i];
        logs += log(diagonal);
        memcpy(row, l + i * d, (size_t)i * sizeof *row);
        memset(l + i * d, 0, (size_t)i * sizeof *row);
        for (int64_t p = 0; p < i; p++)
            take_off(p + 1, row[p], l + p * d, l + i * d);
        for (int64_t j = 0; j < i; j++)
            l[i * d + j] /= diagonal;
        l[i * d + i] = 1 / diagonal;
    }
    return logs;
}

static void prepare_full(const visml_mixture *mix, const visml_mixture_plan *p, int64_t k, double *room) {
    int64_t d = mix->d;
    p->offset[k] = (float)(log(mix->weights[k]) - 0.5 * (double)d * LOG_TAU - invert(d, room, room + d * d));
    for (int64_t i = 0; i < d; i++) {
        double center = 0;
        for (int64_t j = 0; j <= i; j++) {
            p->factors[(k * d + j) * d + i] = (float)room[i * d + j];
            center += room[i * d + j] * (mix->means[k * d + j] - (double)p->shift[j]);
        }
        p->centers[k * d + i] = (float)-center;
    }
}

visml_mixture_plan visml_mixture_begin(const visml_mixture *mix, const float *shift, void *memory) {
    visml_mixture_plan p = visml_mixture_plan_of(memory, mix->d, mix->k, mix->full);
    memset(memory, 0, visml_mixture_bytes(mix->d, mix->k, mix->full));
    for (int64_t j = 0; j < mix->d; j++) {
        double sum = 0;
        for (int64_t k = 0; !shift && k < mix->k; k++)
            sum += mix->weights[k] * mix->means[k * mix->d + j];
        p.shift[j] = shift ? shift[j] : (float)sum;
    }
    return p;
}

int visml_mixture_find_root(const visml_mixture *mix, int64_t component, double *room) {
    return !mix->full || root_of(mix->d, mix->covariances + component * mix->d * mix->d, room);
}

void visml_mixture_use_root(const visml_mixture *mix, const visml_mixture_plan *plan, int64_t component, double *room) {
    if (mix->full)
        prepare_full(mix, plan, component, room);
    else
        prepare_diagonal(mix, plan, component);
}

int visml_mixture_prepare_one(const visml_mixture *mix, const visml_mixture_plan *plan, int64_t component, double *room) {
    if (!visml_mixture_find_root(mix, component, room))
        return 0;
    visml_mixture_use_root(mix, plan, component, room);
    return 1;
}

visml_status visml_mixture_no_inverse(const char *what, visml_error *err) {
    return visml_fail(err, VISML_ENONFINITE, "%s: the covariance of a component has no inverse", what);
}

visml_status visml_mixture_prepare(const visml_mixture *mix, const char *what, void *memory, double *room, visml_mixture_plan *plan,
                                   visml_error *err) {
    *plan = visml_mixture_begin(mix, NULL, memory);
    for (int64_t k = 0; k < mix->k; k++)
        if (!visml_mixture_prepare_one(mix, plan, k, room))
            return visml_mixture_no_inverse(what, err);
    return VISML_OK;
}

/* ---- rows ---- */

/* Some numbers relative to the shift, and their squares (not of full mixtures: NULL). */
static void take(int64_t n, const float *x, const float *shift, float *off, float *squares) {
    float some[STEP];
    int64_t j = 0;
    for (; j + STEP <= n; j += STEP) {
        for (int l = 0; l < STEP; l++)
            some[l] = x[j + l] - shift[j + l];
        memcpy(off + j, some, sizeof some);
        for (int l = 0; l < STEP; l++)
            some[l] *= some[l];
        if (squares)
            memcpy(squares + j, some, sizeof some);
    }
    for (; j < n; j++) {
        off[j] = x[j] - shift[j];
        if (squares)
            squares[j] = off[j] * off[j];
    }
}

void visml_mixture_rows(const visml_mixture_plan *plan, int64_t n, const float *x, int64_t ldx, float *rows) {
    int64_t d = plan->d, width = visml_mixture_width(d, plan->full);
    for (int64_t i = 0; i < n; i++, x += ldx, rows += width)
        take(d, x, plan->shift, rows + width - d, plan->full ? NULL : rows);
}

static visml_gemm diagonal_product(int64_t d, int64_t k) {
    return (visml_gemm){.n = k, .k = 2 * d, .lda = 2 * d, .ldb = 2 * d, .ldc = k, .trans_b = 1};
}

/* Columns `first` and on: of the factors' rows behind these nothing is left. */
static visml_gemm panel_product(int64_t d, int64_t first) {
    int64_t columns = d - first < PANEL ? d - first : PANEL;
    return (visml_gemm){.n = columns, .k = first + columns, .lda = d, .ldb = d, .ldc = d};
}

static size_t products_bytes(int64_t d) {
    return (size_t)align(ROWS * d) * sizeof(float);
}

size_t visml_mixture_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full) {
    visml_gemm g = full ? panel_product(d, d > PANEL ? d - PANEL : 0) : diagonal_product(d, k);
    return visml_gemm_scratch(c, &g) + (full ? products_bytes(d) : 0);
}

static void diagonal_logs(const visml_mixture_plan *p, const visml_compute *c, int64_t n, const float *rows, int64_t first, int64_t end,
                          float *logs, void *scratch) {
    visml_epilogue e = {.bias = p->offset + first};
    visml_gemm g = diagonal_product(p->d, p->k);
    g.m = n;
    g.n = end - first;
    g.a = rows;
    g.b = p->factors + first * 2 * p->d;
    g.c = logs + first;
    g.epilogue = &e;
    visml_gemm_run(c, &g, scratch);
}

static void full_logs(const visml_mixture_plan *p, const visml_compute *c, int64_t n, const float *rows, int64_t component, float *logs,
                      float *products, void *scratch) {
    int64_t d = p->d;
    for (int64_t first = 0; first < d; first += PANEL) {
        visml_epilogue e = {.bias = p->centers + component * d + first};
        visml_gemm g = panel_product(d, first);
        g.m = n;
        g.a = rows;
        g.b = p->factors + component * d * d + first;
        g.c = products + first;
        g.epilogue = &e;
        visml_gemm_run(c, &g, scratch);
    }
    for (int64_t i = 0; i < n; i++)
        logs[i * p->k + component] = p->offset[component] - 0.5f * c->kernels->reduce_squares((size_t)d, products + i * d);
}

void visml_mixture_logs(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *rows, int64_t first, int64_t end,
                        float *logs, void *scratch) {
    if (!plan->full) {
        diagonal_logs(plan, c, n, rows, first, end, logs, scratch);
        return;
    }
    for (int64_t k = first; k < end; k++)
        full_logs(plan, c, n, rows, k, logs, scratch, (char *)scratch + products_bytes(plan->d));
}

/* Relative to the largest of the row, which is returned. */
static float shift_row(int64_t k, float *row) {
    float most = row[0];
    for (int64_t j = 1; j < k; j++)
        most = row[j] > most ? row[j] : most;
    for (int64_t j = 0; j < k; j++)
        row[j] -= most;
    return most;
}

/* They become shares of their sum, which is returned. */
static float share_row(int64_t k, float *row) {
    float sum = 0;
    for (int64_t j = 0; j < k; j++)
        sum += row[j];
    for (int64_t j = 0; j < k; j++)
        row[j] /= sum;
    return sum;
}

void visml_mixture_share(const visml_compute *c, int64_t n, int64_t k, float *resp, float *score) {
    float most[ROWS], sum[ROWS];
    for (int64_t i = 0; i < n; i++)
        most[i] = shift_row(k, resp + i * k);
    c->kernels->exp((size_t)(n * k), resp, resp);
    for (int64_t i = 0; i < n; i++)
        sum[i] = share_row(k, resp + i * k);
    if (!score)
        return;
    c->kernels->log((size_t)n, sum, sum);
    for (int64_t i = 0; i < n; i++)
        score[i] = most[i] + sum[i];
}
