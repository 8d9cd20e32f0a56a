/* Ridge regression and least squares, of numbers or of 1 and -1 for each class: the normal equations of centred columns. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "classify/cholesky.h"
#include "classify/linear.h"
#include "classify/normal_equations.h"
#include "classify/row_walk.h"
#include "feature/eigen.h"

#define MOST 16384    /* columns: 2 GiB of sums */
#define DEPENDENT 1e-6 /* of a column's squares: less is what rounding of products in float leaves of a column that depends on others */

static const char *const task_names[] = {"classification", "regression", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_ridge_opts, task, 0, task_names),
    VISML_FIELD(visml_ridge_opts, no_intercept, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_ridge_opts),
    VISML_FIELD(visml_ridge_opts, alpha, F64, 0, 1, 0, 1e30, 1),
    {0},
};

static visml_task task(const void *opts) {
    return ((const visml_ridge_opts *)opts)->task;
}

/* The system a x = b for every output, [d, d] and [outputs, d], and the means that intercepts come from. */
typedef struct ridge_system {
    int64_t d, outputs;
    double *a, *b;
    double *mean;         /* [d] */
    double *mean_targets; /* [outputs] */
    double *scale;        /* [d]: 1 / sqrt of a's diagonal, for least squares without a pivot */
    double *intercepts;   /* [outputs] */
} ridge_system;

/* ---- from sums ---- */

static void take_system(const visml_normal_equations *e, int intercept, double alpha, ridge_system *s) {
    for (int64_t i = 0; i < s->d; i++) {
        for (int64_t j = 0; j <= i; j++)
            s->a[i * s->d + j] = visml_normal_equations_product(e, intercept, i, j);
        s->a[i * s->d + i] += alpha;
        s->mean[i] = e->gram[e->d * e->length + i] / e->gram[e->d * e->length + e->d] + e->shift[i];
    }
    for (int64_t o = 0; o < s->outputs; o++) {
        int64_t at = e->d + 1 + o;
        for (int64_t j = 0; j < s->d; j++)
            s->b[o * s->d + j] = visml_normal_equations_product(e, intercept, at, j);
        s->mean_targets[o] = e->gram[at * e->length + e->d] / e->gram[e->d * e->length + e->d] + e->shift[at];
    }
}

/* ---- solving ---- */

/* b = V f(values) V' b, rows of v being vectors. */
static void apply_inverse(const ridge_system *s, const double *values, const double *v, double least, double *b, double *room) {
    for (int64_t k = 0; k < s->d; k++) {
        double sum = 0;
        for (int64_t j = 0; j < s->d; j++)
            sum += v[k * s->d + j] * b[j];
        room[k] = values[k] > least ? sum / values[k] : 0;
    }
    memset(b, 0, (size_t)s->d * sizeof *b);
    for (int64_t k = 0; k < s->d; k++)
        for (int64_t j = 0; j < s->d; j++)
            b[j] += room[k] * v[k * s->d + j];
}

/* Columns that are all the same get no coefficient. */
static void equalize(ridge_system *s) {
    for (int64_t i = 0; i < s->d; i++)
        s->scale[i] = s->a[i * s->d + i] > 0 ? 1 / sqrt(s->a[i * s->d + i]) : 0;
    for (int64_t i = 0; i < s->d; i++)
        for (int64_t j = 0; j <= i; j++)
            s->a[i * s->d + j] *= s->scale[i] * s->scale[j];
    for (int64_t i = 0; i < s->outputs * s->d; i++)
        s->b[i] *= s->scale[i % s->d];
}

/* By eigenvectors. Least squares: those that are none by rounding are left out, columns having equal weight. With alpha all are at least
 * that. */
static visml_status solve_by_eigenvectors(ridge_system *s, const visml_compute *c, double alpha, visml_memory *m, visml_error *err) {
    int64_t d = s->d;
    double *room = visml_mem_alloc(m, (size_t)(d * (d + 2)) * sizeof *room, err), *values = room, *vectors = room ? room + 2 * d : NULL;
    if (!room)
        return VISML_ENOMEM;
    if (alpha <= 0)
        equalize(s);
    visml_status status = visml_eigen_symmetric(c, m, d, s->a, d, values, vectors, err);
    double least = alpha > 0 ? 0 : DEPENDENT * values[0];
    for (int64_t k = 0; k < d && alpha > 0; k++)
        values[k] = values[k] > alpha ? values[k] : alpha;
    for (int64_t o = 0; status == VISML_OK && o < s->outputs; o++)
        apply_inverse(s, values, vectors, least, s->b + o * d, room + d);
    for (int64_t i = 0; alpha <= 0 && i < s->outputs * d; i++)
        s->b[i] *= s->scale[i % d];
    visml_mem_free(m, room);
    return status;
}

/* Cholesky spoils what is below the diagonal and the diagonal itself. */
static visml_status solve(ridge_system *s, const visml_normal_equations *e, const visml_ridge_opts *o, visml_memory *m, visml_error *err) {
    take_system(e, !o->no_intercept, o->alpha, s);
    int positive;
    VISML_TRY(visml_cholesky(e->compute, e->run, s->d, s->a, o->alpha > 0 ? 0 : DEPENDENT, &positive, err));
    if (!positive) {
        take_system(e, !o->no_intercept, o->alpha, s);
        return solve_by_eigenvectors(s, e->compute, o->alpha, m, err);
    }
    for (int64_t i = 0; i < s->outputs; i++)
        visml_cholesky_solve(s->d, s->a, s->b + i * s->d);
    return VISML_OK;
}

static void find_intercepts(const ridge_system *s, int intercept) {
    for (int64_t o = 0; o < s->outputs; o++) {
        double sum = s->mean_targets[o];
        for (int64_t j = 0; j < s->d; j++)
            sum -= s->b[o * s->d + j] * s->mean[j];
        s->intercepts[o] = intercept ? sum : 0;
    }
}

static visml_status finish(visml_classifier *c, const visml_normal_equations *e, visml_error *err) {
    const visml_ridge_opts *o = c->object.opts;
    visml_memory *m = visml_classifier_memory(c);
    int64_t d = e->d, outputs = e->outputs;
    ridge_system s = {.d = d, .outputs = outputs};
    s.a = visml_mem_alloc(m, (size_t)(d * d + outputs * (d + 2) + 2 * d) * sizeof *s.a, err);
    if (!s.a)
        return VISML_ENOMEM;
    s.b = s.a + d * d, s.mean = s.b + outputs * d, s.scale = s.mean + d;
    s.mean_targets = s.scale + d, s.intercepts = s.mean_targets + outputs;
    visml_status status = solve(&s, e, o, m, err);
    if (status == VISML_OK) {
        find_intercepts(&s, !o->no_intercept);
        status = visml_linear_keep(c, s.b, s.intercepts, err);
    }
    visml_mem_free(m, s.a);
    return status == VISML_OK ? visml_fit_tick(e->run, 1, 1, NAN, NAN, err) : status;
}

/* ---- learning ---- */

/* From rows in memory (s), or from a walk. */
static visml_status add_all(visml_normal_equations *e, const visml_samples *s, visml_row_walk *walk, visml_error *err) {
    visml_samples block;
    if (s)
        return visml_normal_equations_add(e, s, err);
    for (;;) {
        VISML_TRY(visml_row_walk_next(walk, e->compute, &block, err));
        if (block.n == 0)
            return VISML_OK;
        VISML_TRY(visml_normal_equations_add(e, &block, err));
    }
}

static visml_status fit_all(visml_classifier *c, const visml_compute *k, const visml_samples *s, visml_row_walk *walk,
                            const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    visml_normal_equations e = {.compute = k, .run = run, .d = c->dims, .outputs = visml_classifier_outputs(c)};
    if (e.d > MOST)
        return visml_fail(err, VISML_EINVAL, "ridge: x has %lld columns, the most are %d; linear_svm and sgd take more", (long long)e.d,
                          MOST);
    visml_status status = visml_normal_equations_begin(&e, m, err);
    if (status == VISML_OK)
        status = add_all(&e, s, walk, err);
    if (status == VISML_OK)
        status = finish(c, &e, err);
    visml_normal_equations_end(&e, m);
    return status;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    return fit_all(c, k, s, NULL, run, err);
}

static visml_status fit_rows(visml_classifier *c, const visml_compute *k, visml_row_walk *walk, const visml_fit_run *run,
                             visml_error *err) {
    return fit_all(c, k, NULL, walk, run, err);
}

const visml_classifier_class visml_classifier_ridge_class = {
    .kind = {.name = "ridge", .opts_size = sizeof(visml_ridge_opts), .fields = fields, .restore = visml_linear_restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH | VISML_CAN_TELL_FINITE,
    .task = task,
    .fit = fit,
    .fit_rows = fit_rows,
    .prepare = visml_linear_prepare,
    .scratch = visml_linear_decide_scratch,
    .decide = visml_linear_decide,
};

visml_classifier *visml_classifier_ridge(visml_context *ctx, const visml_ridge_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_ridge_class, opts, err);
}
