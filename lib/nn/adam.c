/* Kingma and Ba 2015: Adam, with both bias corrections in the step size, as at the end of their section 2. */
#include "nn/adam.h"

#include <float.h>
#include <math.h>

#include "kernel/kernels.h"
#include "kernel/step.h"
#include "kernel/update.h"

const visml_field visml_adam_fields[] = {
    VISML_FIELD(visml_adam_opts, amsgrad, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_adam_opts, learning_rate, F64, 0, 1, 0, DBL_MAX, 0.001),
    VISML_FIELD(visml_adam_opts, beta_1, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.9),
    VISML_FIELD(visml_adam_opts, beta_2, F64, VISML_FIELD_OPEN_MAX, 1, 0, 1, 0.999),
    VISML_FIELD(visml_adam_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-7),
    {0},
};

size_t visml_adam_slots(const visml_optimizer *o, const char **names) {
    names[0] = "momentum";
    names[1] = "velocity";
    names[2] = "velocity_hat";
    return ((const visml_adam_opts *)o->opts)->amsgrad ? 3 : 2;
}

void visml_adam_update(const visml_optimizer *o, const visml_compute *c, size_t n, real *w, const real *g, real *const *slots, int64_t t,
                       double lr) {
    const visml_adam_opts *p = o->opts;
    double alpha = lr * sqrt(1 - visml_optimizer_power(p->beta_2, t)) / (1 - visml_optimizer_power(p->beta_1, t));
    if (!p->amsgrad) {
        visml_adam_step(c, n, w, g, slots[0], slots[1], alpha, p->beta_1, p->beta_2, p->epsilon);
        return;
    }
    const visml_update_terms terms = {.rate = (real)alpha, .first = (real)(1 - p->beta_1), .second = (real)(1 - p->beta_2),
                                      .epsilon = (real)p->epsilon};
    visml_update_step(c, c->kernels->amsgrad, &terms, n, &(visml_update_arrays){w, g, slots[0], slots[1], slots[2]});
}
