/* A loss that is not finite ends the run instead of failing it, as Keras' TerminateOnNaN. fit.c does the work. */
#include "train/monitor.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_terminate_on_nan_opts),
    {0},
};

static visml_status begin(visml_monitor *m, visml_training *r, visml_error *err) {
    (void)m, (void)err;
    r->ends_on_nan = 1;
    return VISML_OK;
}

const visml_monitor_class visml_terminate_on_nan_class = {
    .name = "terminate_on_nan", .opts_size = sizeof(visml_terminate_on_nan_opts), .fields = fields, .state_bytes = 1, .begin = begin,
};

visml_monitor *visml_terminate_on_nan(visml_context *ctx, const visml_terminate_on_nan_opts *opts, visml_error *err) {
    return visml_monitor_make(ctx, &visml_terminate_on_nan_class, opts, err);
}
