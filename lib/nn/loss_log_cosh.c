#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    double d = fabs(y - t);
    (void)j;
    *slope = tanh(y - t);
    return d + log1p(exp(-2 * d)) - 0.69314718055994530942; /* ln 2 */
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_run_elements(loss, pass, term, 1, 0);
}

const visml_loss_class visml_log_cosh_class = {
    .name = "log_cosh",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_log_cosh(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_log_cosh_class, opts, err);
}
