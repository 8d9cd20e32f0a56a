/* Chen et al. 2023: steps of one size, by the sign of an average of gradients. */
#include <float.h>

#include "kernel/kernels.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_lion_opts),
    VISML_FIELD(visml_lion_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_lion_opts, beta_1, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 0.9),
    VISML_FIELD(visml_lion_opts, beta_2, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.99),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    (void)o;
    names[0] = "momentum";
    return 1;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_lion_opts *p = o->opts;
    const visml_update_terms terms = {.rate = (real)lr, .first = (real)(1 - p->beta_1), .second = (real)(1 - p->beta_2)};
    (void)t;
    visml_update_step(c, c->kernels->lion, &terms, n, &(visml_update_arrays){w, g, s[0], NULL, NULL});
}

const visml_optimizer_class visml_lion_class = {
    .name = "lion",
    .opts_size = sizeof(visml_lion_opts),
    .common = offsetof(visml_lion_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_lion(visml_context *ctx, const visml_lion_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_lion_class, opts, err);
}
