/* Hinton 2012 (lecture 6e): steps by the root of the mean square of the gradient; Graves 2013 for the centred one. */
#include <float.h>

#include "kernel/kernels.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_rmsprop_opts, centered, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_rmsprop_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_rmsprop_opts, rho, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.9),
    VISML_FIELD(visml_rmsprop_opts, momentum, F64, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_rmsprop_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    const visml_rmsprop_opts *p = o->opts;
    size_t n = 0;
    names[n++] = "velocity";
    if (p->momentum > 0)
        names[n++] = "momentum";
    if (p->centered)
        names[n++] = "average_gradient";
    return n;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_rmsprop_opts *p = o->opts;
    const visml_update_terms terms = {.rate = (real)lr, .second = (real)(1 - p->rho), .momentum = (real)p->momentum,
                                      .epsilon = (real)p->epsilon};
    const int moves = p->momentum > 0;
    (void)t;
    visml_update_step(c, c->kernels->rmsprop, &terms, n,
                      &(visml_update_arrays){w, g, s[0], moves ? s[1] : NULL, p->centered ? s[1 + moves] : NULL});
}

const visml_optimizer_class visml_rmsprop_class = {
    .name = "rmsprop",
    .opts_size = sizeof(visml_rmsprop_opts),
    .common = offsetof(visml_rmsprop_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_rmsprop(visml_context *ctx, const visml_rmsprop_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_rmsprop_class, opts, err);
}
