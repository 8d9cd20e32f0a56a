/* Linear support vector machines: squared losses by their primal, or any by the dual, one coordinate a row. */
#include <math.h>

#include "base/error.h"
#include "classify/dual_descent.h"
#include "classify/lbfgs.h"
#include "classify/linear_loss.h"

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const loss_names[] = {"auto", "plain", "squared", NULL};
static const char *const solver_names[] = {"by_size", "dual", "primal", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_linear_svm_opts, task, 0, task_names),
    VISML_FIELD_OF_ENUM(visml_linear_svm_opts, loss, 0, loss_names),
    VISML_FIELD(visml_linear_svm_opts, max_iter, I32, 0, 1, 1, 1e9, 1000),
    VISML_FIELD(visml_linear_svm_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_linear_svm_opts, tol, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1e-4),
    VISML_FIELD(visml_linear_svm_opts, epsilon, F64, 0, 1, 0, 1e30, 0),
    VISML_FIELD(visml_linear_svm_opts, intercept_scaling, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_linear_svm_opts, no_intercept, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_linear_svm_opts, solver, 0, solver_names),
    {0},
};

static visml_task task(const void *opts) {
    return ((const visml_linear_svm_opts *)opts)->task;
}

static int is_squared(const visml_linear_svm_opts *o) {
    return o->loss == VISML_LINEAR_SVM_AUTO ? o->task == VISML_TASK_CLASSIFICATION : o->loss == VISML_LINEAR_SVM_SQUARED;
}

static visml_status check(const visml_linear_svm_opts *o, visml_error *err) {
    if (o->solver == VISML_LINEAR_SVM_PRIMAL && !is_squared(o))
        return visml_fail(err, VISML_EINVAL, "linear_svm: solver is primal, which needs loss squared; plain ones are not smooth");
    return VISML_OK;
}

static int is_primal(const visml_linear_svm_opts *o, const visml_samples *s) {
    return o->solver == VISML_LINEAR_SVM_PRIMAL || (o->solver == VISML_LINEAR_SVM_BY_SIZE && is_squared(o) && s->n >= s->d);
}

static double bias_of(const visml_linear_svm_opts *o) {
    return o->no_intercept ? 0 : o->intercept_scaling;
}

/* ---- the primal ---- */

/* max(0, 1 - y z)^2 of class o against the others. */
static void squared_hinge(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    int64_t outputs = l->outputs;
    (void)alone;
    for (int64_t i = 0; i < n; i++) {
        float weight = (float)visml_samples_weight(l->samples, begin + i), sum = 0;
        int32_t place = l->samples->places[begin + i] - (outputs == 1); /* of the output that it belongs to, if any */
        for (int64_t o = 0; o < outputs; o++) {
            float y = o == place ? 1 : -1, m = 1 - y * z[i * outputs + o];
            m = m > 0 ? m : 0;
            sum += m * m;
            z[i * outputs + o] = -2 * weight * y * m;
        }
        loss[i] = weight * sum;
    }
}

/* max(0, |z - t| - epsilon)^2 */
static void squared_distance(const visml_linear_loss *l, const visml_compute *alone, int64_t begin, int64_t n, float *z, float *loss) {
    const visml_linear_svm_opts *o = l->user;
    float epsilon = (float)o->epsilon;
    (void)alone;
    for (int64_t i = 0; i < n; i++) {
        float weight = (float)visml_samples_weight(l->samples, begin + i), e = z[i] - l->samples->targets[begin + i];
        float m = fabsf(e) > epsilon ? fabsf(e) - epsilon : 0;
        z[i] = 2 * weight * (e > 0 ? m : -m);
        loss[i] = weight * m * m;
    }
}

/* The share of weight of the smallest class, or of what is left of the largest one. */
static double smaller_share(const visml_samples *s, double total, double *of_class) {
    double least = 1;
    for (int64_t i = 0; s->places && i < s->n; i++)
        of_class[s->places[i]] += visml_samples_weight(s, i) / total;
    for (int64_t k = 0; k < s->class_count; k++) {
        least = of_class[k] > 0 && of_class[k] < least ? of_class[k] : least;
        least = of_class[k] < 1 && 1 - of_class[k] < least ? 1 - of_class[k] : least;
    }
    return least;
}

/* x: zeros; room for as many numbers more and one for each class. */
static visml_status search(visml_classifier *c, visml_linear_loss *loss, double *x, int *converged, visml_error *err) {
    const visml_linear_svm_opts *o = c->object.opts;
    int64_t length = loss->outputs * (c->dims + 1);
    double value;
    VISML_TRY(visml_linear_loss_evaluate(loss, x, &value, x + length, err));
    double share = smaller_share(loss->samples, 1 / loss->scale, x + 2 * length);
    visml_lbfgs l = {.what = visml_classifier_what(c), .n = length, .evaluate = visml_linear_loss_evaluate, .user = loss,
                     .tol = o->tol * share * visml_linear_loss_size(loss), .noise = 0x1p-24, .max_iter = o->max_iter,
                     .after = visml_linear_loss_after, .size = visml_linear_loss_size};
    VISML_TRY(visml_lbfgs_run(visml_classifier_memory(c), &l, x, converged, err));
    visml_linear_loss_to_map(loss, x);
    for (int64_t i = 0; i < loss->outputs; i++)
        x[loss->outputs * c->dims + i] *= loss->intercept;
    *converged |= loss->done < o->max_iter; /* as far as rounding allows */
    return VISML_OK;
}

static visml_status fit_primal(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, double *x,
                               int *converged, visml_error *err) {
    const visml_linear_svm_opts *o = c->object.opts;
    double total = visml_linear_loss_total_weight(s);
    visml_linear_loss loss = {.compute = k, .samples = s, .run = run, .user = o, .outputs = visml_classifier_outputs(c),
                              .rows = s->targets ? squared_distance : squared_hinge, .scale = 1 / total, .l2 = 1 / (o->C * total),
                              .intercept = bias_of(o), .penalize_intercepts = 1, .by_norm = 1, .curvature = 0.5, .total = o->max_iter};
    visml_status status = visml_linear_loss_begin(&loss, visml_classifier_memory(c), err);
    if (status == VISML_OK)
        status = search(c, &loss, x, converged, err);
    visml_linear_loss_end(&loss, visml_classifier_memory(c));
    return status;
}

/* ---- learning ---- */

static visml_status fit_dual(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, double *x,
                             int *converged, visml_error *err) {
    const visml_linear_svm_opts *o = c->object.opts;
    visml_dual_descent d = {.compute = k, .samples = s, .run = run, .outputs = visml_classifier_outputs(c), .C = o->C,
                            .epsilon = o->epsilon, .bias = bias_of(o), .tol = o->tol, .squared = is_squared(o), .max_iter = o->max_iter};
    return visml_dual_descent_run(&d, visml_classifier_memory(c), x, converged, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_linear_svm_opts *o = c->object.opts;
    visml_memory *m = visml_classifier_memory(c);
    int64_t outputs = visml_classifier_outputs(c);
    int converged = 0;
    VISML_TRY(check(o, err));
    double *x = visml_mem_zalloc(m, (size_t)(2 * outputs * (c->dims + 1) + s->class_count), sizeof *x, err);
    visml_status status = x ? (is_primal(o, s) ? fit_primal : fit_dual)(c, k, s, run, x, &converged, err) : VISML_ENOMEM;
    if (status == VISML_OK && !converged)
        visml_linear_not_converged(c, o->max_iter);
    if (status == VISML_OK)
        status = visml_linear_keep(c, x, x + outputs * c->dims, err);
    visml_mem_free(m, x);
    return status;
}

const visml_classifier_class visml_classifier_linear_svm_class = {
    .kind = {.name = "linear_svm", .opts_size = sizeof(visml_linear_svm_opts), .fields = fields, .restore = visml_linear_restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH | VISML_CAN_TELL_FINITE,
    .task = task,
    .fit = fit,
    .prepare = visml_linear_prepare,
    .scratch = visml_linear_decide_scratch,
    .decide = visml_linear_decide,
};

visml_classifier *visml_classifier_linear_svm(visml_context *ctx, const visml_linear_svm_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_linear_svm_class, opts, err);
}
