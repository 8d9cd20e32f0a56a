#include "feature/gmm.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "feature/kmeans.h"

#define ROWS VISML_MIXTURE_ROWS

typedef struct em {
    visml_gmm *job;
    const visml_compute *c;
    const char *what;
    visml_mixture_sums sums;
    size_t doubles; /* of all sums, which lie one behind the other */
    float *resp, *score, *shift;
    float *buffer; /* [ROWS, d]: rows that do not lie one behind the other */
    double *room;
    void *plan, *scratch;
} em;

static int64_t squares_count(const visml_gmm *j) {
    return j->k * j->x.d * (j->full ? j->x.d : 1);
}

/* Sums become the mixture. */
static void maximize(em *w) {
    visml_gmm *j = w->job;
    for (int64_t k = 0; k < j->k; k++) {
        double count = w->sums.counts[k] + 10 * DBL_EPSILON, *mean = w->sums.sums + k * j->x.d;
        j->weights[k] = count / ((double)j->x.n + 10 * DBL_EPSILON * (double)j->k);
        for (int64_t i = 0; i < j->x.d; i++) {
            mean[i] /= count;
            j->means[k * j->x.d + i] = mean[i] + (double)w->shift[i];
        }
        for (int64_t i = 0; i < (j->full ? j->x.d * j->x.d : j->x.d); i++) {
            int64_t a = j->full ? i / j->x.d : i, b = j->full ? i % j->x.d : i, at = k * (j->full ? j->x.d * j->x.d : j->x.d) + i;
            double v = w->sums.squares[at] / count - mean[a] * mean[b];
            v = a == b && v < 0 ? 0 : v;
            j->covariances[at] = v + (a == b ? j->floor : 0);
        }
    }
}

/* How likely the components have made rows first ... first + n - 1: as the mixture says, or as given. */
static void expect(em *w, const visml_mixture_plan *plan, const int32_t *labels, int64_t first, int64_t n, const float *x) {
    const visml_gmm *j = w->job;
    if (!labels) {
        visml_mixture_run(plan, w->c, n, x, w->resp, w->score, w->scratch);
        return;
    }
    memset(w->resp, 0, (size_t)(n * j->k) * sizeof *w->resp);
    for (int64_t i = 0; i < n; i++)
        w->resp[i * j->k + labels[first + i]] = 1;
}

static visml_status step(em *w, const int32_t *labels, double *score, visml_error *err) {
    visml_gmm *j = w->job;
    visml_mixture_plan plan = {0};
    visml_mixture mix = {j->x.d, j->k, j->full, j->weights, j->means, j->covariances};
    *score = 0;
    if (!labels)
        VISML_TRY(visml_mixture_prepare(&mix, w->what, w->plan, w->room, &plan, err));
    memset(w->sums.counts, 0, w->doubles * sizeof(double));
    for (int64_t first = 0; first < j->x.n; first += ROWS) {
        int64_t n = j->x.n - first < ROWS ? j->x.n - first : ROWS;
        const float *x = visml_row_view_dense(&j->x, first, n, w->buffer);
        expect(w, &plan, labels, first, n, x);
        for (int64_t i = 0; !labels && i < n; i++)
            *score += (double)w->score[i];
        visml_mixture_sums_add(w->c, j->x.d, j->k, j->full, w->shift, n, x, w->resp, &w->sums, w->scratch);
        if (j->tick)
            VISML_TRY(j->tick(j->user, j->iterations, *score / (double)(first + n), err));
    }
    *score /= (double)j->x.n;
    maximize(w);
    return VISML_OK;
}

static visml_status iterate(em *w, const int32_t *labels, visml_error *err) {
    visml_gmm *j = w->job;
    double before = -INFINITY, unused;
    VISML_TRY(step(w, labels, &unused, err));
    for (j->iterations = 1;; j->iterations++) {
        VISML_TRY(step(w, NULL, &j->score, err));
        if (fabs(j->score - before) < j->tolerance || j->iterations == j->max_iterations)
            return VISML_OK;
        before = j->score;
    }
}

/* Labels by k-means, where none are given; the means of the columns. */
static visml_status prepare(visml_memory *m, em *w, int32_t *labels, visml_error *err) {
    visml_gmm *j = w->job;
    for (int64_t p = 0; p < j->x.d; p++) {
        double sum = 0;
        for (int64_t i = 0; i < j->x.n; i++)
            sum += (double)j->x.x[i * j->x.row_stride + p * j->x.column_stride];
        w->shift[p] = (float)(sum / (double)j->x.n);
    }
    if (j->init)
        return iterate(w, j->init, err);
    visml_kmeans job = {.x = j->x, .k = j->k, .seed = j->seed, .max_iterations = 100, .tolerance = 1e-4,
                        .labels = labels};
    job.centers = visml_mem_alloc(m, (size_t)(j->k * j->x.d) * sizeof *job.centers, err);
    visml_status status = job.centers ? visml_kmeans_fit(m, w->c, w->what, &job, err) : VISML_ENOMEM;
    visml_mem_free(m, job.centers);
    return status < 0 ? status : iterate(w, labels, err);
}

visml_status visml_gmm_fit(visml_memory *m, const visml_compute *c, const char *what, visml_gmm *job, visml_error *err) {
    int64_t d = job->x.d, k = job->k;
    if (job->x.n < k)
        return visml_fail(err, VISML_EINVAL, "%s: there are %lld rows to learn from, must be at least as many as components: %lld", what,
                          (long long)job->x.n, (long long)k);
    em w = {.job = job, .c = c, .what = what, .doubles = (size_t)(k + k * d + squares_count(job))};
    size_t a = visml_mixture_scratch(c, d, k, job->full), b = visml_mixture_sums_scratch(c, d, k, job->full);
    w.sums.counts = visml_mem_alloc(m, (w.doubles + (size_t)(d * (job->full ? d + 1 : 1))) * sizeof(double), err);
    w.resp = w.sums.counts ? visml_mem_alloc(m, (size_t)(ROWS * (k + 1 + d) + d) * sizeof *w.resp, err) : NULL;
    w.plan = w.resp ? visml_mem_alloc(m, visml_mixture_bytes(d, k, job->full), err) : NULL;
    int32_t *labels = w.plan ? visml_mem_alloc(m, (size_t)job->x.n * sizeof *labels, err) : NULL;
    w.scratch = labels ? visml_mem_alloc(m, a > b ? a : b, err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (w.scratch) {
        w.sums.sums = w.sums.counts + k;
        w.sums.squares = w.sums.sums + k * d;
        w.room = w.sums.counts + w.doubles;
        w.score = w.resp + ROWS * k;
        w.shift = w.score + ROWS;
        w.buffer = w.shift + d;
        status = prepare(m, &w, labels, err);
    }
    visml_mem_free(m, w.sums.counts);
    visml_mem_free(m, w.resp);
    visml_mem_free(m, w.plan);
    visml_mem_free(m, labels);
    visml_mem_free(m, w.scratch);
    return status;
}
