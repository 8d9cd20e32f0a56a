/* Where most rows lie (Scholkopf et al. 2001). */
#include "classify/svm_machine.h"
#include "classify/svm_single.h"

VISML_SVM_FIELDS(visml_one_class_svm_opts)
    VISML_FIELD(visml_one_class_svm_opts, nu, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 0.5),
    {0},
};

/* The first rows take as much as they may. */
static void begin(const visml_classifier *c, const visml_samples *s, const int32_t *rows, int64_t n, visml_smo *to) {
    double left = 0;
    for (int64_t t = 0; t < n; t++)
        left += visml_samples_weight(s, rows[t]) * ((const visml_one_class_svm_opts *)c->object.opts)->nu;
    for (int64_t t = 0; t < n; t++) {
        double most = visml_samples_weight(s, rows[t]), part = left < most ? left : most;
        left -= part;
        to->b[t] = part, to->p[t] = 0, to->low[t] = 0, to->high[t] = most;
    }
}

static double rho(const visml_classifier *c, const visml_smo *s) {
    (void)c;
    return -visml_smo_level(s, 0, s->n);
}

static visml_status fit(visml_classifier *c, const visml_compute *k, const visml_samples *s, const visml_fit_run *run, visml_error *err) {
    static const visml_svm_single single = {1, begin, rho};
    return visml_svm_fit_single(c, k, s, &single, run, err);
}

const visml_classifier_class visml_classifier_one_class_svm_class = {
    .kind = {.name = "one_class_svm", .opts_size = sizeof(visml_one_class_svm_opts), .fields = fields,
             .restore = visml_svm_restore_single},
    .can = VISML_CAN_FIND_OUTLIERS | VISML_CAN_WEIGH,
    .fit = fit,
    .prepare = visml_svm_prepare,
    .scratch = visml_svm_scratch_single,
    .decide = visml_svm_decide_single,
};

visml_classifier *visml_classifier_one_class_svm(visml_context *ctx, const visml_one_class_svm_opts *opts, visml_error *err) {
    return visml_classifier_make(ctx, &visml_classifier_one_class_svm_class, opts, err);
}
