#include <math.h>

#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    (void)j;
    *slope = 1 - t / (y + VISML_SMALLEST);
    return y - t * log(y + VISML_SMALLEST);
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    visml_loss_run_elements(loss, pass, term, 1, 0);
}

const visml_loss_class visml_poisson_class = {
    .name = "poisson",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .one_unit = 1,
    .threshold = 0.5,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_poisson(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_poisson_class, opts, err);
}
