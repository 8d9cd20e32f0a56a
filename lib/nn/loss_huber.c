/* Huber 1964: squares up to delta, lines above. */
#include <float.h>
#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_huber_opts),
    VISML_FIELD(visml_huber_opts, delta, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1),
    {0},
};

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    double d = y - t, delta = ((const visml_huber_opts *)j->loss->opts)->delta;
    if (fabs(d) > delta) {
        *slope = d > 0 ? delta : -delta;
        return delta * fabs(d) - 0.5 * delta * delta;
    }
    *slope = d;
    return 0.5 * d * d;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_run_elements(loss, pass, term, 1, 0);
}

const visml_loss_class visml_huber_class = {
    .name = "huber",
    .opts_size = sizeof(visml_huber_opts),
    .fields = fields,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_huber(visml_context *ctx, const visml_huber_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_huber_class, opts, err);
}
