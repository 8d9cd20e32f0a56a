#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    double d = y - t;
    (void)j;
    *slope = d > 0 ? 1 : d < 0 ? -1 : d; /* NaN stays */
    return fabs(d);
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_run_elements(loss, pass, term, 1, 0);
}

const visml_loss_class visml_mean_absolute_error_class = {
    .name = "mean_absolute_error",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_mean_absolute_error(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_mean_absolute_error_class, opts, err);
}
