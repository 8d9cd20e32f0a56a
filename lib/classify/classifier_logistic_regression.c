/* Logistic regression: the mean cross-entropy and its penalty, minimized by L-BFGS. */
#include <math.h>

#include "base/error.h"
#include "classify/lbfgs.h"
#include "classify/linear_loss.h"
#include "kernel/elementwise.h"
#include "kernel/kernels.h"
#include "kernel/softmax.h"

static const char *const penalty_names[] = {"l2", "l1", "elastic_net", "none", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_logistic_regression_opts, penalty, 0, penalty_names),
    VISML_FIELD(visml_logistic_regression_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_logistic_regression_opts, l1_ratio, F64, 0, 1, 0, 1, 0.5),
    VISML_FIELD(visml_logistic_regression_opts, tol, F64, 0, 1, 0, 1e30, 1e-4),
    VISML_FIELD(visml_logistic_regression_opts, max_iter, I32, 0, 1, 1, 1e9, 100),
    VISML_FIELD(visml_logistic_regression_opts, no_intercept, FLAG, 0, 1, 0, 1, 0),
    {0},
};

/* ---- losses ---- */

static void weigh(const visml_samples *s, int64_t begin, int64_t n, float *loss) {
    for (int64_t i = 0; s->weights && i < n; i++)
        loss[i] *= s->weights[begin + i];
}

/* Cross-entropy after softmax. */
static void multinomial(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    const visml_samples *s = l->samples;
    visml_crossentropy x = {.rows = n, .channels = l->outputs, .z = z, .labels = s->places + begin,
                            .factor = s->weights ? s->weights + begin : NULL, .loss = loss, .dz = z};
    visml_crossentropy_run(alone, &x);
    weigh(s, begin, n, loss);
}

/* With e = exp(-|z|): log(1 + e), and |z| where the sign is wrong; the sigmoid is 1 / (1 + e), or e / (1 + e) below 0. */
static void binomial(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    const visml_samples *s = l->samples;
    float one_and_e[VISML_LINEAR_ROWS];
    for (int64_t i = 0; i < n; i++)
        loss[i] = -fabsf(z[i]);
    alone->kernels->exp((size_t)n, loss, loss);
    for (int64_t i = 0; i < n; i++)
        one_and_e[i] = 1 + loss[i];
    for (int64_t i = 0; i < n; i++) {
        int32_t y = s->places[begin + i];
        float p = (z[i] > 0 ? 1 : loss[i]) / one_and_e[i], wrong = (z[i] > 0) != y ? fabsf(z[i]) : 0;
        z[i] = (p - (float)y) * (float)visml_samples_weight(s, begin + i);
        loss[i] = wrong;
    }
    alone->kernels->log((size_t)n, one_and_e, one_and_e);
    for (int64_t i = 0; i < n; i++)
        loss[i] += one_and_e[i];
    weigh(s, begin, n, loss);
}

/* ---- learning ---- */

/* How much of the penalty is of magnitudes; the rest is of squares. */
static double share_of_l1(const visml_logistic_regression_opts *o) {
    return o->penalty == VISML_LINEAR_L1 ? 1 : o->penalty == VISML_LINEAR_ELASTIC_NET ? o->l1_ratio : 0;
}

/* x: [O, D] coefficients and [O] intercepts. */
static visml_status minimize(visml_classifier *c, visml_linear_loss *loss, double strength, double *x, visml_error *err) {
    const visml_logistic_regression_opts *o = c->object.opts;
    int converged;
    visml_lbfgs search = {.what = visml_classifier_what(c), .n = loss->outputs * (c->dims + 1), .evaluate = visml_linear_loss_evaluate,
                          .user = loss, .l1 = strength * share_of_l1(o), .l1_count = loss->outputs * c->dims, .tol = o->tol,
                          .noise = 0x1p-24, .max_iter = o->max_iter, .after = visml_linear_loss_after,
                          .size = share_of_l1(o) > 0 ? NULL : visml_linear_loss_size};
    VISML_TRY(visml_lbfgs_run(visml_classifier_memory(c), &search, x, &converged, err));
    if (!converged && loss->done == o->max_iter)
        visml_linear_not_converged(c, loss->done);
    visml_linear_loss_to_map(loss, x);
    return visml_linear_keep(c, x, x + search.l1_count, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_logistic_regression_opts *o = c->object.opts;
    visml_memory *m = visml_classifier_memory(c);
    int64_t outputs = visml_classifier_outputs(c), size = outputs * c->dims;
    double total = visml_linear_loss_total_weight(s), strength = o->penalty == VISML_LINEAR_NONE ? 0 : 1 / (o->C * total);
    visml_linear_loss loss = {.compute = k, .samples = s, .run = run, .rows = outputs == 1 ? binomial : multinomial, .outputs = outputs,
                              .scale = 1 / total, .l2 = strength * (1 - share_of_l1(o)), .intercept = !o->no_intercept,
                              .curvature = share_of_l1(o) > 0 ? 0 : 0.5 / (double)c->class_count, .total = o->max_iter};
    double *x = visml_mem_zalloc(m, (size_t)(size + outputs), sizeof *x, err);
    visml_status status = x ? visml_linear_loss_begin(&loss, m, err) : VISML_ENOMEM;
    if (status == VISML_OK && run->previous) {
        visml_linear_recall(run->previous, x, x + size);
        visml_linear_loss_from_map(&loss, x);
    }
    if (status == VISML_OK)
        status = minimize(c, &loss, strength, x, err);
    visml_linear_loss_end(&loss, m);
    visml_mem_free(m, x);
    return status;
}

/* ---- running ---- */

/* The decision of two classes before the rest. */
static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return visml_linear_decide_scratch(c, k, n) + (c->class_count == 2 ? (size_t)n * sizeof(float) + 64 : 0);
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    if (c->class_count > 2) {
        visml_linear_decide(c, k, s, p, room);
        visml_softmax_forward(k, s->n, c->class_count, p, p);
        return;
    }
    float *z = (float *)(void *)((char *)room + visml_linear_decide_scratch(c, k, s->n));
    visml_linear_decide(c, k, s, z, room);
    visml_linear_both_sides(s->n, z, p);
    visml_activate(k, VISML_SIGMOID, 0, (size_t)(2 * s->n), p, p);
}

const visml_classifier_class visml_classifier_logistic_regression_class = {
    .kind = {.name = "logistic_regression", .opts_size = sizeof(visml_logistic_regression_opts), .fields = fields,
             .restore = visml_linear_restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_WARM | VISML_CAN_WEIGH | VISML_CAN_TELL_FINITE,
    .fit = fit,
    .prepare = visml_linear_prepare,
    .scratch = scratch,
    .decide = visml_linear_decide,
    .probabilities = probabilities,
};

visml_classifier *visml_classifier_logistic_regression(visml_context *ctx, const visml_logistic_regression_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_logistic_regression_class, opts, err);
}
