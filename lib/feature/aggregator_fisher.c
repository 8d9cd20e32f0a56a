/* How a mixture would have to change to fit the rows better. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "feature/aggregator.h"
#include "feature/gmm.h"
#include "feature/normalize.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_fisher_opts, components, I32, 0, 1, 1, 65536, 64),
    VISML_FIELD(visml_fisher_opts, max_iterations, I32, 0, 1, 1, 10000, 100),
    VISML_FIELD(visml_fisher_opts, no_power, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_fisher_opts, no_l2, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_fisher_opts),
    {0},
};

static int64_t components_of(const visml_aggregator *a) {
    return ((const visml_fisher_opts *)a->object.opts)->components;
}

static int64_t length(const visml_aggregator *a, int64_t n, int64_t d) {
    int64_t count;
    (void)n;
    return visml_i64_mul(2 * components_of(a), d, &count) ? count : 0;
}

static visml_status keep(visml_aggregator *a, const visml_gmm *g, visml_error *err) {
    const double *from[] = {g->weights, g->means, g->covariances};
    static const char *const names[] = {"weights", "means", "variances"};
    float *to[3];
    for (int i = 0; i < 3; i++) {
        visml_shape shape = i ? *VISML_SHAPE(g->k, g->x.d) : *VISML_SHAPE(g->k);
        to[i] = visml_object_array_new(&a->object, names[i], VISML_F32, &shape, err);
        if (!to[i])
            return VISML_ENOMEM;
    }
    for (int i = 0; i < 3; i++)
        for (int64_t j = 0; j < g->k * (i ? g->x.d : 1); j++)
            to[i][j] = (float)from[i][j];
    return VISML_OK;
}

/* The plan that rows are run with, in the array "plan": it is made of the three others. */
static visml_status prepare(visml_object *o, int64_t k, int64_t d, visml_error *err) {
    visml_memory *m = &o->context->memory;
    size_t bytes = visml_mixture_bytes(d, k, 0);
    double *room = visml_mem_alloc(m, (size_t)(k + 2 * k * d + d) * sizeof *room, err);
    float *plan = room ? visml_object_array_new(o, "plan", VISML_F32, VISML_SHAPE((int64_t)(bytes / sizeof(float))), err) : NULL;
    visml_status status = VISML_ENOMEM;
    visml_mixture mix = {d, k, 0, room, room ? room + k : NULL, room ? room + k + k * d : NULL};
    visml_mixture_plan unused;
    if (plan) {
        const float *weights = visml_object_array_data(o, "weights"), *means = visml_object_array_data(o, "means");
        const float *variances = visml_object_array_data(o, "variances");
        for (int64_t i = 0; i < k; i++)
            room[i] = (double)weights[i];
        for (int64_t i = 0; i < k * d; i++) {
            room[k + i] = (double)means[i];
            room[k + k * d + i] = (double)variances[i];
        }
        status = visml_mixture_prepare(&mix, o->kind->name, plan, room + k + 2 * k * d, &unused, err);
    }
    visml_mem_free(m, room);
    return status;
}

static visml_status fit(visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, uint64_t seed,
                        visml_error *err) {
    const visml_fisher_opts *o = a->object.opts;
    visml_memory *m = &a->object.context->memory;
    visml_gmm g = {.x = {n, d, x, d, 1}, .k = o->components, .seed = seed, .max_iterations = o->max_iterations, .tolerance = 1e-3,
                   .floor = 1e-6};
    g.weights = visml_mem_alloc(m, (size_t)(g.k + 2 * g.k * d) * sizeof *g.weights, err);
    if (!g.weights)
        return VISML_ENOMEM;
    g.means = g.weights + g.k;
    g.covariances = g.means + g.k * d;
    visml_status status = visml_gmm_fit(m, c, "fisher", &g, err);
    if (status == VISML_OK)
        status = keep(a, &g, err);
    if (status == VISML_OK)
        status = prepare(&a->object, g.k, d, err);
    visml_mem_free(m, g.weights);
    a->dims = status == VISML_OK ? d : 0;
    return status;
}

static visml_status restore(visml_object *o, visml_error *err) {
    int64_t shape[2] = {((const visml_fisher_opts *)o->opts)->components, -1};
    VISML_TRY(visml_object_array_expect(o, "weights", VISML_F32, 1, shape, err));
    VISML_TRY(visml_object_array_expect(o, "means", VISML_F32, 2, shape, err));
    VISML_TRY(visml_object_array_expect(o, "variances", VISML_F32, 2, shape, err));
    const float *weights = visml_object_array_data(o, "weights"), *variances = visml_object_array_data(o, "variances");
    for (int64_t i = 0; i < shape[0]; i++)
        if (!(weights[i] > 0 && weights[i] <= 1.001f))
            return visml_fail(err, VISML_EFORMAT, "fisher: array \"weights\" has %g, must be above 0 and at most 1", (double)weights[i]);
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        if (!(variances[i] > 0 && variances[i] < INFINITY))
            return visml_fail(err, VISML_EFORMAT, "fisher: array \"variances\" has %g, must be above 0", (double)variances[i]);
    if (!shape[1])
        return visml_fail(err, VISML_EFORMAT, "fisher: array \"means\" is empty");
    VISML_TRY(prepare(o, shape[0], shape[1], err));
    ((visml_aggregator *)o)->dims = shape[1];
    return VISML_OK;
}

/* ---- running ---- */

static size_t doubles_of(int64_t d, int64_t k) {
    return (size_t)(k + 2 * k * d + 7) / 8 * 8;
}

/* Of responsibilities, rows and products. */
static size_t floats_of(int64_t d, int64_t k) {
    return (size_t)(VISML_MIXTURE_ROWS * (k + 2 * d) + (k * 2 * d + 15) / 16 * 16);
}

static size_t scratch_of(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d) {
    int64_t k = components_of(a);
    size_t run = visml_mixture_scratch(c, d, k, 0), sums = visml_mixture_sums_scratch(c, d, k, 0);
    (void)n;
    return doubles_of(d, k) * sizeof(double) + floats_of(d, k) * sizeof(float) + (run > sums ? run : sums);
}

/* Sanchez et al. 2013, (16) to (18), from sums relative to the shift. */
static void gradients(const visml_aggregator *a, int64_t n, int64_t d, const visml_mixture_sums *s, const float *shift, float *y) {
    const float *weights = visml_object_array_data(&a->object, "weights"), *means = visml_object_array_data(&a->object, "means");
    const float *variances = visml_object_array_data(&a->object, "variances");
    int64_t all = components_of(a) * d;
    for (int64_t i = 0; i < all; i++) {
        double w = (double)weights[i / d], v = (double)variances[i], m = (double)means[i] - (double)shift[i % d];
        double first = s->sums[i], count = s->counts[i / d];
        y[i] = (float)((first - m * count) / ((double)n * sqrt(w * v)));
        y[all + i] = (float)((s->squares[i] - 2 * m * first + (m * m - v) * count) / ((double)n * sqrt(2 * w) * v));
    }
}

static void aggregate(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    const visml_fisher_opts *o = a->object.opts;
    int64_t k = o->components, all = 2 * k * d;
    double *room = scratch;
    float *resp = (float *)(void *)(room + doubles_of(d, k));
    float *block = resp + VISML_MIXTURE_ROWS * k, *products = block + VISML_MIXTURE_ROWS * 2 * d;
    void *rest = resp + floats_of(d, k);
    visml_mixture_sums s = {room, room + k, room + k + k * d};
    visml_mixture_plan plan = visml_mixture_plan_of((void *)(uintptr_t)visml_object_array_data(&a->object, "plan"), d, k, 0);
    memset(room, 0, doubles_of(d, k) * sizeof *room);
    memset(y, 0, (size_t)all * sizeof *y);
    for (int64_t i = 0; i < n; i += VISML_MIXTURE_ROWS) {
        int64_t rows = n - i < VISML_MIXTURE_ROWS ? n - i : VISML_MIXTURE_ROWS;
        visml_mixture_rows(&plan, rows, x + i * d, d, block);
        visml_mixture_logs(&plan, c, rows, block, 0, k, resp, rest);
        visml_mixture_share(c, rows, k, resp, NULL);
        visml_mixture_products(c, d, k, rows, block, resp, products, rest);
        visml_mixture_count(rows, k, resp, s.counts);
        visml_mixture_sums_add(d, k, products, &s);
    }
    if (n)
        gradients(a, n, d, &s, plan.shift, y);
    if (!o->no_power)
        visml_power_row(c, all, 0.5, y, y);
    if (!o->no_l2)
        visml_normalize_row(c, all, VISML_NORM_L2, y, y);
}

const visml_aggregator_class visml_aggregator_fisher_class = {
    .kind = {.name = "fisher", .opts_size = sizeof(visml_fisher_opts), .fields = fields, .restore = restore},
    .length = length,
    .scratch = scratch_of,
    .aggregate = aggregate,
    .fit = fit,
};

visml_aggregator *visml_aggregator_fisher(visml_context *ctx, const visml_fisher_opts *opts, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_fisher_class, opts, err);
}
