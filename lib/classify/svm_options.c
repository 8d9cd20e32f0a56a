#include "classify/svm_options.h"

#include <math.h>

#include "base/error.h"

#define MOST_GAMMA 1e30 /* of options, too: a float holds it */

const char *const visml_svm_kernel_names[] = {"rbf", "linear", "polynomial", "sigmoid", "chi2", "intersection", "precomputed", NULL};
const char *const visml_svm_gamma_names[] = {"scale", "auto", NULL};

#define NUMBERS ((int64_t)1 << 22) /* that are read between two ticks: some 10 ms */

static visml_status check_signs(const char *what, const char *kernel, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    int64_t some = 1 + NUMBERS / s->d;
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t j = 0; j < s->d; j++)
            if (visml_samples_at(s, i, j) < 0)
                return visml_fail(err, VISML_EINVAL, "%s: x[%lld, %lld] is %g, must not be negative with kernel %s", what, (long long)i,
                                  (long long)j, (double)visml_samples_at(s, i, j), kernel);
        if (i % some == some - 1)
            VISML_TRY(visml_fit_tick(run, 0, -1, NAN, NAN, err));
    }
    return VISML_OK;
}

visml_status visml_svm_check(const visml_classifier *c, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_svm_common *o = c->object.opts;
    const char *what = visml_classifier_what(c);
    if (s->n > INT32_MAX / 2)
        return visml_fail(err, VISML_EINVAL, "%s: x has %lld rows, must have %d at most", what, (long long)s->n, INT32_MAX / 2);
    if (o->kernel == VISML_SVM_PRECOMPUTED && s->n != s->d)
        return visml_fail(err, VISML_EINVAL, "%s: x is [%lld, %lld], must be square with kernel precomputed: each row with each row", what,
                          (long long)s->n, (long long)s->d);
    if (o->kernel == VISML_SVM_CHI2 || o->kernel == VISML_SVM_INTERSECTION)
        return check_signs(what, visml_svm_kernel_names[o->kernel], s, run, err);
    return VISML_OK;
}

/* ---- gamma ---- */

/* Each row's mean, and its sum of squares of what it differs by from it. */
typedef struct moments {
    const visml_samples *s;
    double (*rows)[2];
    int64_t first; /* while they are found */
} moments;

static void find_moments(void *arg, size_t row, size_t worker) {
    const moments *m = arg;
    const visml_samples *s = m->s;
    int64_t i = m->first + (int64_t)row;
    double sum = 0, squares = 0;
    (void)worker;
    for (int64_t j = 0; j < s->d; j++)
        sum += (double)visml_samples_at(s, i, j);
    for (int64_t j = 0; j < s->d; j++) {
        double e = (double)visml_samples_at(s, i, j) - sum / (double)s->d;
        squares += e * e;
    }
    m->rows[i][0] = sum / (double)s->d, m->rows[i][1] = squares;
}

/* Of all numbers of the rows that count (put together as Chan, Golub and LeVeque 1979 say). */
static double join_moments(const moments *m) {
    double count = 0, mean = 0, squares = 0, d = (double)m->s->d;
    for (int64_t i = 0; i < m->s->n; i++) {
        if (visml_samples_weight(m->s, i) <= 0)
            continue;
        double e = m->rows[i][0] - mean;
        squares += m->rows[i][1] + e * e * d * count / (count + d);
        mean += e * d / (count + d);
        count += d;
    }
    return squares / count;
}

static visml_status find_all_moments(moments *m, const visml_compute *k, const visml_fit_run *run, visml_error *err) {
    int64_t some = 1 + NUMBERS / m->s->d;
    for (m->first = 0; m->first < m->s->n; m->first += some) {
        int64_t left = m->s->n - m->first;
        visml_parallel_run(k->parallel, (size_t)(left < some ? left : some), find_moments, m);
        VISML_TRY(visml_fit_tick(run, 0, -1, NAN, NAN, err));
    }
    return VISML_OK;
}

static visml_status find_gamma(const visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                               double *gamma, visml_error *err) {
    visml_memory *memory = visml_classifier_memory(c);
    moments m = {.s = s, .rows = visml_mem_alloc(memory, (size_t)s->n * sizeof *m.rows, err)};
    visml_status status = m.rows ? find_all_moments(&m, k, run, err) : VISML_ENOMEM;
    double variance = status == VISML_OK ? join_moments(&m) : 0;
    visml_mem_free(memory, m.rows);
    *gamma = variance > 0 ? 1 / ((double)s->d * variance) : 1;
    *gamma = *gamma < MOST_GAMMA ? *gamma : MOST_GAMMA;
    return status;
}

visml_status visml_svm_function_of(const visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                                   visml_svm_function *f, visml_error *err) {
    const visml_svm_common *o = c->object.opts;
    *f = (visml_svm_function){.kind = o->kernel, .degree = o->degree, .coef0 = o->coef0, .gamma = o->gamma};
    if (f->gamma > 0)
        return VISML_OK;
    f->gamma = o->kernel == VISML_SVM_CHI2 ? 1 : 1 / (double)s->d;
    int scales = o->kernel == VISML_SVM_RBF || o->kernel == VISML_SVM_POLYNOMIAL || o->kernel == VISML_SVM_SIGMOID;
    return scales && o->gamma_rule == VISML_SVM_GAMMA_SCALE ? find_gamma(c, k, s, run, &f->gamma, err) : VISML_OK;
}

visml_svm_work visml_svm_work_of(const visml_classifier *c, const visml_samples *s, const visml_svm_function *f) {
    const visml_svm_common *o = c->object.opts;
    return (visml_svm_work){.what = visml_classifier_what(c), .samples = s, .function = f, .cache_size = o->cache_size, .tolerance = o->tol,
                            .max_iterations = o->max_iter, .shrinks = !o->no_shrinking};
}
