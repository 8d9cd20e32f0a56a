#include "nn/row_loss.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_loss_opts),
    {0},
};

static double term(const visml_row_loss *j, double t, double y, double *slope) {
    double miss = 1 - t * y;
    (void)j;
    if (miss <= 0)
        miss = 0; /* NaN stays */
    *slope = -2 * t * miss;
    return miss * miss;
}

static void run(const visml_loss *loss, const visml_loss_pass *pass) {
    int binary = visml_loss_binary_targets(pass);
    visml_loss_run_elements(loss, pass, term, binary ? 2 : 1, binary ? -1 : 0);
}

const visml_loss_class visml_squared_hinge_class = {
    .name = "squared_hinge",
    .opts_size = sizeof(visml_loss_opts),
    .fields = fields,
    .one_unit = 1,
    .check = visml_loss_check_elements,
    .run = run,
};

visml_loss *visml_squared_hinge(visml_context *ctx, const visml_loss_opts *opts, visml_error *err) {
    return visml_loss_make(ctx, &visml_squared_hinge_class, opts, err);
}
