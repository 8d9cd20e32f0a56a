/* Dozat 2016: Adam with Nesterov's momentum, in Keras' form. */
#include <float.h>
#include <math.h>

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
    names[1] = "velocity";
    return 2;
}

/* u(t) of the header. */
static double share(double beta_1, int64_t t) {
    return beta_1 * (1 - 0.5 * visml_optimizer_power(0.96, t));
}

/* u(1) ... u(t). From t = 1000 on the second factor of u is 1: 0.96^1000 is 2e-18. */
static double product(double beta_1, int64_t t) {
    double all = visml_optimizer_power(beta_1, t), x = 1;
    for (int64_t i = 1; i <= t && i < 1000; i++)
        all *= 1 - 0.5 * (x *= 0.96);
    return all;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *s, int64_t t,
                 double lr) {
    const visml_moments_opts *p = o->opts;
    double now = share(p->beta_1, t), next = share(p->beta_1, t + 1), all = product(p->beta_1, t);
    const visml_update_terms terms = {.rate = (real)(lr * next / (1 - all * next)), .rate_of_g = (real)(lr * (1 - now) / (1 - all)),
                                      .first = (real)(1 - p->beta_1), .second = (real)(1 - p->beta_2),
                                      .correction = (real)(1 / sqrt(1 - visml_optimizer_power(p->beta_2, t))),
                                      .epsilon = (real)p->epsilon};
    visml_update_step(c, c->kernels->nadam, &terms, n, &(visml_update_arrays){w, g, s[0], s[1], NULL});
}

const visml_optimizer_class visml_nadam_class = {
    .name = "nadam",
    .opts_size = sizeof(visml_moments_opts),
    .common = offsetof(visml_moments_opts, common),
    .fields = fields,
    .slots = slots,
    .step = step,
};

visml_optimizer *visml_nadam(visml_context *ctx, const visml_moments_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_nadam_class, opts, err);
}
