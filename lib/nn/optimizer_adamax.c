/* Kingma and Ba 2015, section 7: Adam by the largest gradient. */
#include <float.h>

#include "kernel/kernels.h"
#include "kernel/update.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_moments_opts),
    VISML_FIELD(visml_moments_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_moments_opts, beta_1, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.9),
    VISML_FIELD(visml_moments_opts, beta_2, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.999),
    VISML_FIELD(visml_moments_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

static size_t slots(const visml_optimizer *o, const char **names) {
    (void)o;
    names[0] = "momentum";
    names[1] = "norm";
    return 2;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_moments_opts *p = o->opts;
    const visml_update_terms terms = {.rate = (real)(lr / (1 - visml_optimizer_power(p->beta_1, t))), .first = (real)(1 - p->beta_1),
                                      .keep = (real)p->beta_2, .epsilon = (real)p->epsilon};
    visml_update_step(c, c->kernels->adamax, &terms, n, &(visml_update_arrays){w, g, s[0], s[1], NULL});
}

const visml_optimizer_class visml_adamax_class = {
    .name = "adamax",
    .opts_size = sizeof(visml_moments_opts),
    .common = offsetof(visml_moments_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_adamax(visml_context *ctx, const visml_moments_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adamax_class, opts, err);
}
