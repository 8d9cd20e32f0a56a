/* Stochastic gradient descent, the perceptron and passive-aggressive learning: one way of going over rows, options by three names. */
#include "base/error.h"
#include "classify/linear.h"
#include "classify/stochastic.h"
#include "kernel/elementwise.h"

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const penalty_names[] = {"l2", "l1", "elastic_net", "none", NULL};
static const char *const loss_names[] = {"auto", "hinge", "log", "modified_huber", "squared_hinge", "perceptron", "squared_error", "huber",
                                         "epsilon_insensitive", "squared_epsilon_insensitive", NULL};
static const char *const schedule_names[] = {"auto", "optimal", "constant", "invscaling", "adaptive", NULL};
static const char *const variant_names[] = {"first", "second", NULL};

/* What all three have. */
#define PASSES(type)                                                    \
    VISML_FIELD(type, max_iter, I32, 0, 1, 1, 1e9, 1000),               \
    VISML_FIELD(type, n_iter_no_change, I32, 0, 1, 1, 1e9, 5),          \
    VISML_FIELD(type, no_intercept, FLAG, 0, 1, 0, 1, 0),               \
    VISML_FIELD(type, no_shuffle, FLAG, 0, 1, 0, 1, 0),                 \
    VISML_FIELD(type, average, I32, 0, 1, 0, 2e9, 0),                   \
    VISML_FIELD(type, tol, F64, 0, 1, 0, 1e30, 1e-3)

static const visml_field sgd_fields[] = {
    VISML_FIELD_OF_ENUM(visml_linear_sgd_opts, task, 0, task_names),
    VISML_FIELD_OF_ENUM(visml_linear_sgd_opts, loss, 0, loss_names),
    VISML_FIELD_OF_ENUM(visml_linear_sgd_opts, penalty, 0, penalty_names),
    VISML_FIELD_OF_ENUM(visml_linear_sgd_opts, schedule, 0, schedule_names),
    PASSES(visml_linear_sgd_opts),
    VISML_FIELD(visml_linear_sgd_opts, alpha, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1e-4),
    VISML_FIELD(visml_linear_sgd_opts, l1_ratio, F64, 0, 1, 0, 1, 0.15),
    VISML_FIELD(visml_linear_sgd_opts, epsilon, F64, 0, 1, 0, 1e30, 0.1),
    VISML_FIELD(visml_linear_sgd_opts, eta0, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 0.01),
    VISML_FIELD(visml_linear_sgd_opts, power_t, F64, 0, 1, 0, 100, 0),
    {0},
};

static const visml_field perceptron_fields[] = {
    VISML_FIELD_OF_ENUM(visml_perceptron_opts, penalty, 0, penalty_names),
    PASSES(visml_perceptron_opts),
    VISML_FIELD_OF_RESERVED(visml_perceptron_opts),
    VISML_FIELD(visml_perceptron_opts, alpha, F64, 0, 1, 0, 1e30, 0),
    VISML_FIELD(visml_perceptron_opts, l1_ratio, F64, 0, 1, 0, 1, 0.15),
    VISML_FIELD(visml_perceptron_opts, eta0, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    {0},
};

static const visml_field passive_fields[] = {
    VISML_FIELD_OF_ENUM(visml_passive_aggressive_opts, task, 0, task_names),
    VISML_FIELD_OF_ENUM(visml_passive_aggressive_opts, variant, 0, variant_names),
    PASSES(visml_passive_aggressive_opts),
    VISML_FIELD(visml_passive_aggressive_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_passive_aggressive_opts, epsilon, F64, 0, 1, 0, 1e30, 0.1),
    {0},
};

/* ---- options by one name ---- */

static double share_of_magnitudes(visml_linear_penalty penalty, double l1_ratio) {
    return penalty == VISML_LINEAR_L1 ? 1 : penalty == VISML_LINEAR_ELASTIC_NET ? l1_ratio : 0;
}

static visml_sgd_loss loss_of(const visml_linear_sgd_opts *o) {
    if (o->loss != VISML_SGD_AUTO)
        return o->loss;
    return o->task == VISML_TASK_REGRESSION ? VISML_SGD_SQUARED_ERROR : VISML_SGD_HINGE;
}

#define WITH_PASSES(o)                                                                                                         \
    .tol = (o)->tol, .max_iter = (o)->max_iter, .n_iter_no_change = (o)->n_iter_no_change, .no_intercept = (o)->no_intercept, \
    .no_shuffle = (o)->no_shuffle, .average = (o)->average

static visml_stochastic of_sgd(const visml_linear_sgd_opts *o) {
    static const int32_t steps[] = {0, VISML_STEP_OPTIMAL, VISML_STEP_CONSTANT, VISML_STEP_INVSCALING, VISML_STEP_ADAPTIVE};
    int regression = o->task == VISML_TASK_REGRESSION;
    return (visml_stochastic){.loss = loss_of(o), .epsilon = o->epsilon, .eta0 = o->eta0, .alpha = o->alpha,
                              .step = o->schedule ? steps[o->schedule] : regression ? VISML_STEP_INVSCALING : VISML_STEP_OPTIMAL,
                              .power_t = o->power_t > 0 ? o->power_t : regression ? 0.25 : 0.5,
                              .penalty = o->penalty == VISML_LINEAR_NONE ? 0 : o->alpha,
                              .l1_ratio = share_of_magnitudes(o->penalty, o->l1_ratio), WITH_PASSES(o)};
}

static visml_stochastic of_perceptron(const visml_perceptron_opts *o) {
    return (visml_stochastic){.loss = VISML_SGD_PERCEPTRON, .step = VISML_STEP_CONSTANT, .eta0 = o->eta0, .alpha = o->alpha,
                              .penalty = o->penalty == VISML_LINEAR_NONE ? 0 : o->alpha,
                              .l1_ratio = share_of_magnitudes(o->penalty, o->l1_ratio), WITH_PASSES(o)};
}

static visml_stochastic of_passive(const visml_passive_aggressive_opts *o) {
    return (visml_stochastic){.loss = o->task == VISML_TASK_REGRESSION ? VISML_SGD_EPSILON_INSENSITIVE : VISML_SGD_HINGE,
                              .epsilon = o->epsilon, .eta0 = o->C,
                              .step = o->variant == VISML_PASSIVE_AGGRESSIVE_2 ? VISML_STEP_PASSIVE_2 : VISML_STEP_PASSIVE_1,
                              WITH_PASSES(o)};
}

static visml_stochastic options_of(const visml_classifier *c) {
    const visml_classifier_class *cls = visml_classifier_class_of(c);
    if (cls == &visml_classifier_sgd_class)
        return of_sgd(c->object.opts);
    return cls == &visml_classifier_perceptron_class ? of_perceptron(c->object.opts) : of_passive(c->object.opts);
}

static visml_status check_loss(const visml_linear_sgd_opts *o, visml_error *err) {
    if (o->task == VISML_TASK_REGRESSION && loss_of(o) < VISML_SGD_SQUARED_ERROR)
        return visml_fail(err, VISML_EINVAL, "sgd: loss is %s, which is for classes; for regression it must be squared_error, huber, "
                          "epsilon_insensitive or squared_epsilon_insensitive", loss_names[o->loss]);
    return VISML_OK;
}

static visml_task task_of_sgd(const void *opts) {
    return ((const visml_linear_sgd_opts *)opts)->task;
}

static visml_task task_of_passive(const void *opts) {
    return ((const visml_passive_aggressive_opts *)opts)->task;
}

/* ---- learning and running ---- */

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    visml_stochastic o = options_of(c);
    return visml_stochastic_fit(c, &o, k, s, run, err);
}

static visml_status fit_sgd(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run,
                            visml_error *err) {
    VISML_TRY(check_loss(c->object.opts, err));
    return fit(c, k, s, run, err);
}

static visml_status restore(visml_object *o, visml_error *err) {
    visml_classifier *c = (visml_classifier *)o;
    return visml_stochastic_restore(c, options_of(c).average > 0, err);
}

static int has_probabilities(const visml_classifier *c) {
    visml_sgd_loss loss = options_of(c).loss;
    return loss == VISML_SGD_LOG || loss == VISML_SGD_MODIFIED_HUBER;
}

/* For two classes the decision comes before the rest. */
static size_t scratch(const visml_classifier *c, const visml_compute *k, int64_t n) {
    return visml_linear_decide_scratch(c, k, n) + (c->class_count == 2 ? (size_t)n * sizeof(float) + 64 : 0);
}

/* Each class against the others: a sigmoid, or (1 + z) / 2 cut off to 0 ... 1. */
static void squash(const visml_classifier *c, const visml_compute *k, size_t n, float *p) {
    if (options_of(c).loss == VISML_SGD_LOG) {
        visml_activate(k, VISML_SIGMOID, 0, n, p, p);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float v = (p[i] + 1) / 2;
        p[i] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

/* Where no class has any, all are equally likely (Zadrozny and Elkan 2002). */
static void normalize(int64_t rows, int64_t classes, float *p) {
    for (int64_t i = 0; i < rows; i++, p += classes) {
        float sum = 0;
        for (int64_t o = 0; o < classes; o++)
            sum += p[o];
        for (int64_t o = 0; o < classes; o++)
            p[o] = sum > 0 ? p[o] / sum : 1 / (float)classes;
    }
}

static void probabilities(const visml_classifier *c, const visml_compute *k, const visml_samples *s, float *p, void *room) {
    if (c->class_count > 2) {
        visml_linear_decide(c, k, s, p, room);
        squash(c, k, (size_t)(s->n * c->class_count), p);
        normalize(s->n, c->class_count, p);
        return;
    }
    float *z = (float *)(void *)((char *)room + visml_linear_decide_scratch(c, k, s->n));
    visml_linear_decide(c, k, s, z, room);
    visml_linear_both_sides(s->n, z, p);
    squash(c, k, (size_t)(2 * s->n), p);
}

#define CAN (VISML_CAN_CLASSIFY | VISML_CAN_WARM | VISML_CAN_PARTIAL | VISML_CAN_WEIGH | VISML_CAN_TELL_FINITE)

const visml_classifier_class visml_classifier_sgd_class = {
    .kind = {.name = "sgd", .opts_size = sizeof(visml_linear_sgd_opts), .fields = sgd_fields, .restore = restore},
    .can = CAN | VISML_CAN_REGRESS,
    .task = task_of_sgd,
    .fit = fit_sgd,
    .prepare = visml_linear_prepare,
    .scratch = scratch,
    .decide = visml_linear_decide,
    .probabilities = probabilities,
    .has_probabilities = has_probabilities,
};

const visml_classifier_class visml_classifier_perceptron_class = {
    .kind = {.name = "perceptron", .opts_size = sizeof(visml_perceptron_opts), .fields = perceptron_fields, .restore = restore},
    .can = CAN,
    .fit = fit,
    .prepare = visml_linear_prepare,
    .scratch = visml_linear_decide_scratch,
    .decide = visml_linear_decide,
};

const visml_classifier_class visml_classifier_passive_aggressive_class = {
    .kind = {.name = "passive_aggressive", .opts_size = sizeof(visml_passive_aggressive_opts), .fields = passive_fields,
             .restore = restore},
    .can = CAN | VISML_CAN_REGRESS,
    .task = task_of_passive,
    .fit = fit,
    .prepare = visml_linear_prepare,
    .scratch = visml_linear_decide_scratch,
    .decide = visml_linear_decide,
};

visml_classifier *visml_classifier_sgd(visml_context *ctx, const visml_linear_sgd_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_sgd_class, opts, err);
}

visml_classifier *visml_classifier_perceptron(visml_context *ctx, const visml_perceptron_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_perceptron_class, opts, err);
}

visml_classifier *visml_classifier_passive_aggressive(visml_context *ctx, const visml_passive_aggressive_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_passive_aggressive_class, opts, err);
}
