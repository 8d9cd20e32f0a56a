/* Kingma and Ba 2015: Adam, with both bias corrections in the step size, as at the end of their section 2. */
#include <float.h>
#include <math.h>

#include "kernel/step.h"
#include "nn/optimizer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_adam_opts),
    VISML_FIELD(visml_adam_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_adam_opts, beta_1, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.9),
    VISML_FIELD(visml_adam_opts, beta_2, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.999),
    VISML_FIELD(visml_adam_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

static const char *const slot_names[] = {"momentum", "velocity", NULL};

static size_t slots(const visml_optimizer *o) {
    (void)o;
    return 2;
}

static double learning_rate(const visml_optimizer *o) {
    return ((const visml_adam_opts *)o->opts)->learning_rate;
}

/* x^n by squaring: the same bits with every C library. */
static double power(double x, int64_t n) {
    double y = 1;
    for (; n > 0; n /= 2, x *= x)
        if (n % 2)
            y *= x;
    return y;
}

static void step(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *arrays, int64_t t,
                 double lr) {
    const visml_adam_opts *opts = o->opts;
    double alpha = lr * sqrt(1 - power(opts->beta_2, t)) / (1 - power(opts->beta_1, t));
    visml_adam_step(c, n, w, g, arrays[0], arrays[1], alpha, opts->beta_1, opts->beta_2, opts->epsilon);
}

const visml_optimizer_class visml_adam_class = {
    .name = "adam",
    .opts_size = sizeof(visml_adam_opts),
    .fields = fields,
    .slot_names = slot_names,
    .slots = slots,
    .learning_rate = learning_rate,
    .step = step,
};

visml_optimizer *visml_adam(visml_context *ctx, const visml_adam_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adam_class, opts, err);
}
