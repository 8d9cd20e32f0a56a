/* Duchi, Hazan and Singer 2011: steps by the root of the sum of squares up to now. */
#include <float.h>

#include "kernel/kernels.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_adagrad_opts),
    VISML_FIELD(visml_adagrad_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_adagrad_opts, initial_accumulator_value, F64, 0, 1, 0, DBL_MAX, 0.1),
    VISML_FIELD(visml_adagrad_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    (void)o;
    names[0] = "accumulator";
    return 1;
}

static double start(const visml_optimizer *o) {
    return ((const visml_adagrad_opts *)o->opts)->initial_accumulator_value;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_update_terms terms = {.rate = (real)lr, .epsilon = (real)((const visml_adagrad_opts *)o->opts)->epsilon};
    (void)t;
    visml_update_step(c, c->kernels->adagrad, &terms, n, &(visml_update_arrays){w, g, s[0], NULL, NULL});
}

const visml_optimizer_class visml_adagrad_class = {
    .name = "adagrad",
    .opts_size = sizeof(visml_adagrad_opts),
    .common = offsetof(visml_adagrad_opts, common),
    .fields = fields,
    .slots = slots,
    .start = start,
    .step = step,
};

visml_optimizer *visml_adagrad(visml_context *ctx, const visml_adagrad_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adagrad_class, opts, err);
}
