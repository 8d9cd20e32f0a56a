/* How likely the components of a mixture have made a row: by matrix products, in floats. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/gmm.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"

#define ROWS VISML_MIXTURE_ROWS
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
static void prepare_diagonal(const visml_mixture *mix, const double *shift, visml_mixture_plan *p) {
    for (int64_t k = 0; k < mix->k; k++) {
        double offset = log(mix->weights[k]) - 0.5 * (double)mix->d * LOG_TAU;
        float *to = p->factors + k * 2 * mix->d;
        for (int64_t j = 0; j < mix->d; j++) {
            double v = mix->covariances[k * mix->d + j], m = mix->means[k * mix->d + j] - shift[j];
            to[j] = (float)(-0.5 / v);
            to[mix->d + j] = (float)(m / v);
            offset -= 0.5 * (log(v) + m * m / v);
        }
        p->offset[k] = (float)offset;
    }
}

/* The lower root of a covariance (Cholesky); 0 when there is none. */
static int root_of(int64_t d, const double *a, double *l) {
    memset(l, 0, (size_t)(d * d) * sizeof *l);
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = a[i * d + j];
            for (int64_t p = 0; p < j; p++)
                sum -= l[i * d + p] * l[j * d + p];
            if (i == j && !(sum > 0))
                return 0;
            l[i * d + j] = i == j ? sqrt(sum) : sum / l[j * d + j];
        }
    return 1;
}

/* In place: a lower triangle becomes its inverse. Returns the sum of the logs of its diagonal, before. */
static double invert(int64_t d, double *l) {
    double logs = 0;
    for (int64_t i = 0; i < d; i++) {
        logs += log(l[i * d + i]);
        for (int64_t j = 0; j < i; j++) {
            double sum = 0;
            for (int64_t p = j; p < i; p++)
                sum -= l[i * d + p] * l[p * d + j];
            l[i * d + j] = sum / l[i * d + i];
        }
        l[i * d + i] = 1 / l[i * d + i];
    }
    return logs;
}

static int prepare_full(const visml_mixture *mix, const double *shift, double *room, visml_mixture_plan *p) {
    int64_t d = mix->d;
    for (int64_t k = 0; k < mix->k; k++) {
        if (!root_of(d, mix->covariances + k * d * d, room))
            return 0;
        p->offset[k] = (float)(log(mix->weights[k]) - 0.5 * (double)d * LOG_TAU - invert(d, room));
        for (int64_t i = 0; i < d; i++) {
            double center = 0;
            for (int64_t j = 0; j < d; j++) {
                p->factors[(k * d + i) * d + j] = (float)room[i * d + j];
                center += room[i * d + j] * (mix->means[k * d + j] - shift[j]);
            }
            p->centers[k * d + i] = (float)-center;
        }
    }
    return 1;
}

visml_status visml_mixture_prepare(const visml_mixture *mix, const char *what, void *memory, double *room, visml_mixture_plan *plan,
                                   visml_error *err) {
    *plan = visml_mixture_plan_of(memory, mix->d, mix->k, mix->full);
    memset(memory, 0, visml_mixture_bytes(mix->d, mix->k, mix->full));
    for (int64_t j = 0; j < mix->d; j++) {
        double sum = 0;
        for (int64_t k = 0; k < mix->k; k++)
            sum += mix->weights[k] * mix->means[k * mix->d + j];
        plan->shift[j] = (float)sum;
        room[j] = (double)plan->shift[j];
    }
    if (!mix->full)
        prepare_diagonal(mix, room, plan);
    else if (!prepare_full(mix, room, room + mix->d, plan))
        return visml_fail(err, VISML_ENONFINITE, "%s: the covariance of a component has no inverse", what);
    return VISML_OK;
}

/* ---- rows ---- */

static visml_gemm product_of(int64_t d, int64_t k, int32_t full) {
    int64_t width = full ? d : 2 * d;
    return (visml_gemm){.m = ROWS, .n = full ? d : k, .k = width, .lda = width, .ldb = width, .ldc = full ? d : k, .trans_b = 1};
}

/* Rows relative to the shift (behind their squares, for diagonals), and what a product gives. */
static int64_t rows_count(int64_t d) {
    return align(ROWS * 2 * d);
}

size_t visml_mixture_scratch(const visml_compute *c, int64_t d, int64_t k, int32_t full) {
    visml_gemm g = product_of(d, k, full);
    return (size_t)(rows_count(d) + align(ROWS * d)) * sizeof(float) + visml_gemm_scratch(c, &g);
}

static void run_diagonal(const visml_mixture_plan *p, const visml_compute *c, int64_t n, const float *x, float *logs, float *scratch) {
    visml_epilogue e = {.bias = p->offset, .activation = VISML_LINEAR};
    visml_gemm g = product_of(p->d, p->k, 0);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < p->d; j++) {
            float off = x[i * p->d + j] - p->shift[j];
            scratch[i * 2 * p->d + j] = off * off;
            scratch[(i * 2 + 1) * p->d + j] = off;
        }
    g.m = n;
    g.a = scratch;
    g.b = p->factors;
    g.c = logs;
    g.epilogue = &e;
    visml_gemm_run(c, &g, scratch + rows_count(p->d) + align(ROWS * p->d));
}

static void run_full(const visml_mixture_plan *p, const visml_compute *c, int64_t n, const float *x, float *logs, float *scratch) {
    visml_gemm g = product_of(p->d, p->k, 1);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < p->d; j++)
            scratch[i * p->d + j] = x[i * p->d + j] - p->shift[j];
    g.m = n;
    g.a = scratch;
    g.c = scratch + rows_count(p->d);
    for (int64_t k = 0; k < p->k; k++) {
        visml_epilogue e = {.bias = p->centers + k * p->d, .activation = VISML_LINEAR};
        g.b = p->factors + k * p->d * p->d;
        g.epilogue = &e;
        visml_gemm_run(c, &g, g.c + align(ROWS * p->d));
        for (int64_t i = 0; i < n; i++)
            logs[i * p->k + k] = p->offset[k] - 0.5f * c->kernels->reduce_squares((size_t)p->d, g.c + i * p->d);
    }
}

/* log(sum exp) is what a log is less by after log_softmax: the largest has the most digits. */
static void finish(const visml_compute *c, int64_t n, int64_t k, float *resp, float *score) {
    for (int64_t i = 0; i < n; i++) {
        float *row = resp + i * k, most = c->kernels->reduce_max((size_t)k, row);
        if (score) {
            int64_t at = c->kernels->reduce_argmax((size_t)k, row);
            c->kernels->log_softmax(1, k, row, row);
            score[i] = most - row[at];
            c->kernels->exp((size_t)k, row, row);
        } else {
            c->kernels->softmax(1, k, row, row);
        }
    }
}

void visml_mixture_logs(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *x, float *logs, void *scratch) {
    (plan->full ? run_full : run_diagonal)(plan, c, n, x, logs, scratch);
}

void visml_mixture_run(const visml_mixture_plan *plan, const visml_compute *c, int64_t n, const float *x, float *resp, float *score,
                       void *scratch) {
    visml_mixture_logs(plan, c, n, x, resp, scratch);
    finish(c, n, plan->k, resp, score);
}
