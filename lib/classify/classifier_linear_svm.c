/* Linear support vector machines: the dual, one coordinate a row. */
#include "base/error.h"
#include "classify/dual_descent.h"
#include "classify/linear.h"

#define WARNING 2 /* a level of visml_log_fn */

static const char *const task_names[] = {"classification", "regression", NULL};
static const char *const loss_names[] = {"auto", "plain", "squared", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_linear_svm_opts, task, 0, task_names),
    VISML_FIELD_OF_ENUM(visml_linear_svm_opts, loss, 0, loss_names),
    VISML_FIELD(visml_linear_svm_opts, max_iter, I32, 0, 1, 1, 1e9, 1000),
    VISML_FIELD(visml_linear_svm_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_linear_svm_opts, tol, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1e-4),
    VISML_FIELD(visml_linear_svm_opts, epsilon, F64, 0, 1, 0, 1e30, 0),
    VISML_FIELD(visml_linear_svm_opts, intercept_scaling, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_linear_svm_opts, no_intercept, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_linear_svm_opts),
    {0},
};

static visml_task task(const void *opts) {
    return ((const visml_linear_svm_opts *)opts)->task;
}

static int is_squared(const visml_linear_svm_opts *o) {
    return o->loss == VISML_LINEAR_SVM_AUTO ? o->task == VISML_TASK_CLASSIFICATION : o->loss == VISML_LINEAR_SVM_SQUARED;
}

static visml_status learn(visml_classifier *c, const visml_dual_descent *d, double *w, visml_error *err) {
    int converged = 0;
    VISML_TRY(visml_dual_descent_run(d, visml_classifier_memory(c), w, &converged, err));
    if (!converged)
        visml_log(c->object.context, WARNING, "linear_svm: not converged after %d passes", (int)d->max_iter);
    return visml_linear_keep(c, w, w + d->outputs * c->dims, err);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    const visml_linear_svm_opts *o = c->object.opts;
    visml_dual_descent d = {.compute = k, .samples = s, .run = run, .outputs = visml_classifier_outputs(c), .C = o->C,
                            .epsilon = o->epsilon, .bias = o->no_intercept ? 0 : o->intercept_scaling, .tol = o->tol,
                            .squared = is_squared(o), .max_iter = o->max_iter};
    double *w = visml_mem_zalloc(visml_classifier_memory(c), (size_t)(d.outputs * (c->dims + 1)), sizeof *w, err);
    visml_status status = w ? learn(c, &d, w, err) : VISML_ENOMEM;
    visml_mem_free(visml_classifier_memory(c), w);
    return status;
}

const visml_classifier_class visml_classifier_linear_svm_class = {
    .kind = {.name = "linear_svm", .opts_size = sizeof(visml_linear_svm_opts), .fields = fields, .restore = visml_linear_restore},
    .can = VISML_CAN_CLASSIFY | VISML_CAN_REGRESS | VISML_CAN_WEIGH,
    .task = task,
    .fit = fit,
    .prepare = visml_linear_prepare,
    .scratch = visml_linear_decide_scratch,
    .decide = visml_linear_decide,
};

visml_classifier *visml_classifier_linear_svm(visml_context *ctx, const visml_linear_svm_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_linear_svm_class, opts, err);
}
