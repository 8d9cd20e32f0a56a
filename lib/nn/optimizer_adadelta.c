/* Zeiler 2012: steps as large as the steps before them, by the size of the gradient. */
#include <float.h>

#include "kernel/kernels.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_adadelta_opts),
    VISML_FIELD(visml_adadelta_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_adadelta_opts, rho, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.95),
    VISML_FIELD(visml_adadelta_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    (void)o;
    names[0] = "accumulated_grad";
    names[1] = "accumulated_delta_var";
    return 2;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_adadelta_opts *p = o->opts;
    const visml_update_terms terms = {.rate = (real)lr, .second = (real)(1 - p->rho), .epsilon = (real)p->epsilon};
    (void)t;
    visml_update_step(c, c->kernels->adadelta, &terms, n, &(visml_update_arrays){w, g, s[0], s[1], NULL});
}

const visml_optimizer_class visml_adadelta_class = {
    .name = "adadelta",
    .opts_size = sizeof(visml_adadelta_opts),
    .common = offsetof(visml_adadelta_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_adadelta(visml_context *ctx, const visml_adadelta_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adadelta_class, opts, err);
}
