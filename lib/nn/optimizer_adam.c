#include "nn/adam.h"

const visml_optimizer_class visml_adam_class = {
    .name = "adam",
    .opts_size = sizeof(visml_adam_opts),
    .common = offsetof(visml_adam_opts, common),
    .fields = visml_adam_fields,
    .slots = visml_adam_slots,
    .step = visml_adam_update,
};

visml_optimizer *visml_adam(visml_context *ctx, const visml_adam_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adam_class, opts, err);
}
