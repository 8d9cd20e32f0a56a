/* A mixture of normal distributions by expectation and maximisation (Dempster, Laird and Rubin 1977), begun with clusters of k-means. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "classify/linear.h"
#include "feature/gmm.h"
#include "kernel/span.h"

static const char *const covariance_names[] = {"diag", "full", NULL};

static const visml_field fields[] = {
    VISML_FIELD(visml_gaussian_mixture_opts, n_components, I32, 0, 1, 1, 65536, 1),
    VISML_FIELD_OF_ENUM(visml_gaussian_mixture_opts, covariance_type, VISML_COVARIANCE_DIAG, covariance_names),
    VISML_FIELD(visml_gaussian_mixture_opts, max_iter, I32, 0, 1, 1, 1000000, 100),
    VISML_FIELD(visml_gaussian_mixture_opts, tol, F64, 0, 1, 0, 1e6, 1e-3),
    VISML_FIELD(visml_gaussian_mixture_opts, reg_covar, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e6, 1e-6),
    {0},
};

static int32_t is_full(const visml_classifier *c) {
    return ((const visml_gaussian_mixture_opts *)c->object.opts)->covariance_type == VISML_COVARIANCE_FULL;
}

static int64_t components_of(const visml_classifier *c) {
    return ((const visml_gaussian_mixture_opts *)c->object.opts)->n_components;
}

static visml_shape covariances_shape(const visml_classifier *c) {
    return is_full(c) ? *VISML_SHAPE(components_of(c), c->dims, c->dims) : *VISML_SHAPE(components_of(c), c->dims);
}

/* ---- made ready ---- */

static visml_mixture mixture_of(const visml_classifier *c) {
    const visml_object *o = &c->object;
    return (visml_mixture){c->dims, c->class_count, is_full(c), visml_object_array_data(o, "weights"), visml_object_array_data(o, "means"),
                           visml_object_array_data(o, "covariances")};
}

/* run: of a fit; NULL: of a file. */
static visml_status make_plan(const visml_classifier *c, const visml_fit_run *run, double *room, visml_error *err) {
    visml_mixture mixture = mixture_of(c);
    visml_mixture_plan plan = visml_mixture_begin(&mixture, NULL, c->ready);
    for (int64_t i = 0; i < c->class_count; i++) {
        if (!visml_mixture_find_root(&mixture, i, room))
            return visml_mixture_no_inverse("gaussian_mixture", err);
        if (run)
            VISML_TRY(visml_fit_tick(run, 1, 1, NAN, NAN, err));
        visml_mixture_use_root(&mixture, &plan, i, room);
        if (run)
            VISML_TRY(visml_fit_tick(run, 1, 1, NAN, NAN, err));
    }
    return VISML_OK;
}

/* Ready: the memory of the plan. */
static visml_status make_ready(visml_classifier *c, const visml_fit_run *run, visml_error *err) {
    visml_memory *m = visml_classifier_memory(c);
    size_t d = (size_t)c->dims;
    c->ready = visml_mem_alloc(m, visml_mixture_bytes(c->dims, c->class_count, is_full(c)), err);
    double *room = c->ready ? visml_mem_alloc(m, d * (is_full(c) ? d + 1 : 1) * sizeof *room, err) : NULL;
    visml_status status = room ? make_plan(c, run, room, err) : VISML_ENOMEM;
    visml_mem_free(m, room);
    return status;
}

/* What a fit has made is there already: it takes long, and a fit can be cancelled. */
static visml_status prepare(visml_classifier *c, const visml_compute *k, visml_error *err) {
    (void)k;
    return c->ready ? VISML_OK : make_ready(c, NULL, err);
}

/* ---- learning ---- */

typedef struct progress {
    const visml_fit_run *run;
    int64_t total;
} progress;

static visml_status tick(void *user, int32_t iteration, double score, visml_error *err) {
    const progress *p = user;
    return visml_fit_tick(p->run, iteration, p->total, iteration ? -score : NAN, NAN, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_gaussian_mixture_opts *o = c->object.opts;
    visml_object *object = &c->object;
    visml_shape shape = covariances_shape(c);
    progress p = {run, o->max_iter};
    visml_gmm job = {.x = visml_samples_view(s), .k = o->n_components, .full = is_full(c), .seed = run->seed, .tick = tick, .user = &p,
                     .max_iterations = o->max_iter, .tolerance = o->tol, .floor = o->reg_covar};
    job.weights = visml_object_array_new(object, "weights", VISML_F64, VISML_SHAPE(job.k), err);
    job.means = job.weights ? visml_object_array_new(object, "means", VISML_F64, VISML_SHAPE(job.k, s->d), err) : NULL;
    job.covariances = job.means ? visml_object_array_new(object, "covariances", VISML_F64, &shape, err) : NULL;
    double *bound = job.covariances ? visml_object_array_new(object, "lower_bound", VISML_F64, VISML_SHAPE(1), err) : NULL;
    if (!bound)
        return VISML_ENOMEM;
    VISML_TRY(visml_gmm_fit(visml_classifier_memory(c), k, "gaussian_mixture", &job, err));
    bound[0] = job.score;
    c->class_count = job.k;
    if (isfinite(job.score))
        return make_ready(c, run, err);
    return visml_fail(err, VISML_ENONFINITE, "gaussian_mixture: the likelihood is not finite; a larger reg_covar helps");
}

/* ---- running ---- */

#define ROWS VISML_MIXTURE_ROWS

/* Each thread has rows that do not lie side by side, rows as products take them, and room for these. */
static size_t floats_of(const visml_classifier *c) {
    return (size_t)(ROWS * (c->dims + visml_mixture_width(c->dims, is_full(c))));
}

static size_t room_bytes(const visml_classifier *c, const visml_compute *k) {
    visml_compute alone = visml_linear_one_thread(k);
    return (floats_of(c) * sizeof(float) + visml_mixture_scratch(&alone, c->dims, c->class_count, is_full(c)) + 63) / 64 * 64;
}

static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    size_t bytes;
    (void)n;
    return visml_size_mul(k->parallel->workers, room_bytes(c, k), &bytes) ? bytes : SIZE_MAX;
}

typedef struct run_job {
    const visml_classifier *c;
    const visml_compute *compute;
    const visml_samples *s;
    visml_mixture_plan plan;
    size_t room;
    char *memory;
    float *y; /* [n, K] */
    int logs;
} run_job;

static void run_block(void *arg, size_t block, size_t worker) {
    const run_job *j = arg;
    visml_compute alone = visml_linear_one_thread(j->compute);
    int64_t begin = (int64_t)block * ROWS, n = visml_block_length((int64_t)block, ROWS, j->s->n), k = j->plan.k, ld;
    char *room = j->memory + worker * j->room;
    float *buffer = (float *)(void *)room, *rows = buffer + ROWS * j->plan.d, *y = j->y + begin * k;
    const float *x = visml_samples_rows(j->s, begin, n, buffer, &ld);
    visml_mixture_rows(&j->plan, n, x, ld, rows);
    visml_mixture_logs(&j->plan, &alone, n, rows, 0, k, y, room + floats_of(j->c) * sizeof(float));
    if (!j->logs)
        visml_mixture_share(&alone, n, k, y, NULL);
}

/* Responsibilities to y[n, K], or with logs: 1 their logarithms, with that of the likelihood added. */
static void run(const visml_classifier *c, const visml_compute *k, const visml_samples *s, int logs, float *y, void *memory) {
    run_job j = {.c = c, .compute = k, .s = s, .room = room_bytes(c, k), .memory = memory, .y = y, .logs = logs};
    j.plan = visml_mixture_plan_of(c->ready, c->dims, c->class_count, is_full(c));
    visml_parallel_run(k->parallel, (size_t)visml_blocks(s->n, ROWS), run_block, &j);
}

static void decide(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *y, void *memory) {
    run(c, k, s, 1, y, memory);
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *memory) {
    run(c, k, s, 0, p, memory);
}

static int64_t outputs(const visml_classifier *c) {
    return c->class_count;
}

/* ---- files ---- */

static visml_status check_numbers(const visml_object *o, const char *name, double least, double most, visml_error *err) {
    const visml_tensor *t = visml_object_array_get(o, name);
    const double *v = visml_object_array_data(o, name);
    for (int64_t i = 0; i < t->count; i++)
        if (!isfinite(v[i]) || v[i] < least || v[i] > most)
            return visml_fail(err, VISML_EFORMAT, "gaussian_mixture: array \"%s\" has %g", name, v[i]);
    return VISML_OK;
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    visml_shape shape = covariances_shape(c);
    int64_t k = components_of(c), one = 1;
    VISML_TRY(visml_object_array_expect(o, "weights", VISML_F64, 1, &k, err));
    VISML_TRY(visml_object_array_expect(o, "means", VISML_F64, 2, (int64_t[]){k, c->dims}, err));
    VISML_TRY(visml_object_array_expect(o, "covariances", VISML_F64, shape.rank, shape.dims, err));
    VISML_TRY(visml_object_array_expect(o, "lower_bound", VISML_F64, 1, &one, err));
    VISML_TRY(check_numbers(o, "weights", 0, 1.001, err));
    VISML_TRY(check_numbers(o, "means", -HUGE_VAL, HUGE_VAL, err));
    VISML_TRY(check_numbers(o, "covariances", is_full(c) ? -HUGE_VAL : 1e-300, HUGE_VAL, err));
    VISML_TRY(check_numbers(o, "lower_bound", -HUGE_VAL, HUGE_VAL, err));
    c->class_count = k;
    return VISML_OK;
}

const visml_classifier_class visml_classifier_gaussian_mixture_class = {
    .kind = {.name = "gaussian_mixture", .opts_size = sizeof(visml_gaussian_mixture_opts), .fields = fields, .restore = restore},
    .can = VISML_CAN_CLUSTER,
    .fit = fit,
    .prepare = prepare,
    .outputs = outputs,
    .scratch = scratch,
    .decide = decide,
    .probabilities = probabilities,
};

visml_classifier *visml_classifier_gaussian_mixture(visml_context *ctx, const visml_gaussian_mixture_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_gaussian_mixture_class, opts, err);
}
