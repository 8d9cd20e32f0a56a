/* Support vector regression (Drucker et al. 1997; with nu Scholkopf et al. 2000). A row's variable is alpha - alpha*. With nu it has two,
 * one in each of two groups whose sums are given. */
#include "classify/svm_machine.h"
#include "classify/svm_single.h"

VISML_SVM_FIELDS(visml_svr_opts)
    VISML_FIELD(visml_svr_opts, C, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1e30, 1),
    VISML_FIELD(visml_svr_opts, nu, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 0),
    VISML_FIELD(visml_svr_opts, epsilon, F64, 0, 1, 0, 1e30, 0.1),
    {0},
};

static double most_of(const visml_classifier *c, const visml_samples *s, int32_t row) {
    return ((const visml_svr_opts *)c->object.opts)->C * visml_samples_weight(s, row);
}

static void begin_epsilon(const visml_classifier *c, const visml_samples *s, const int32_t *rows, int64_t n, visml_smo *to) {
    to->epsilon = ((const visml_svr_opts *)c->object.opts)->epsilon;
    for (int64_t t = 0; t < n; t++) {
        double most = most_of(c, s, rows[t]);
        to->b[t] = 0, to->p[t] = (double)s->targets[rows[t]], to->low[t] = -most, to->high[t] = most;
    }
}

/* The first rows take as much as they may. */
static void begin_nu(const visml_classifier *c, const visml_samples *s, const int32_t *rows, int64_t n, visml_smo *to) {
    double left = 0;
    for (int64_t t = 0; t < n; t++)
        left += most_of(c, s, rows[t]) * ((const visml_svr_opts *)c->object.opts)->nu / 2;
    for (int64_t t = 0; t < n; t++) {
        double most = most_of(c, s, rows[t]), part = left < most ? left : most;
        left -= part;
        to->b[t] = part, to->low[t] = 0, to->high[t] = most;
        to->b[n + t] = -part, to->low[n + t] = -most, to->high[n + t] = 0;
        to->p[t] = to->p[n + t] = (double)s->targets[rows[t]];
    }
}

static double rho(const visml_classifier *c, const visml_smo *s) {
    (void)c;
    if (s->group == s->n)
        return -visml_smo_level(s, 0, s->n);
    return -(visml_smo_level(s, 0, s->group) + visml_smo_level(s, s->group, s->n)) / 2;
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    static const visml_svm_single by_epsilon = {1, begin_epsilon, rho}, by_nu = {2, begin_nu, rho};
    return visml_svm_fit_single(c, k, s, ((const visml_svr_opts *)c->object.opts)->nu > 0 ? &by_nu : &by_epsilon, run, err);
}

const visml_classifier_class visml_classifier_svr_class = {
    .kind = {.name = "svr", .opts_size = sizeof(visml_svr_opts), .fields = fields, .restore = visml_svm_restore_single},
    .can = VISML_CAN_REGRESS | VISML_CAN_WEIGH,
    .fit = fit,
    .prepare = visml_svm_prepare,
    .scratch = visml_svm_scratch_single,
    .decide = visml_svm_decide_single,
};

visml_classifier *visml_classifier_svr(visml_context *ctx, const visml_svr_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_svr_class, opts, err);
}
