/* Stochastic gradient descent; Sutskever et al. 2013 for the momentum. */
#include <float.h>

#include "kernel/step.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_sgd_opts, nesterov, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_sgd_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.01),
    VISML_FIELD(visml_sgd_opts, momentum, F64, 0, 1, 0, 1, 0),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    names[0] = "momentum";
    return ((const visml_sgd_opts *)o->opts)->momentum != 0;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *arrays, int64_t t,
                 double lr) {
    const visml_sgd_opts *opts = o->opts;
    (void)t;
    visml_sgd_step(c, n, w, g, opts->momentum != 0 ? arrays[0] : NULL, lr, opts->momentum, opts->nesterov);
}

const visml_optimizer_class visml_sgd_class = {
    .name = "sgd",
    .opts_size = sizeof(visml_sgd_opts),
    .common = offsetof(visml_sgd_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_sgd(visml_context *ctx, const visml_sgd_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_sgd_class, opts, err);
}
