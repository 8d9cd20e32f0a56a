/* Loshchilov and Hutter 2019: Adam with a decay of the weights that does not go through the gradient. The decay is that of all
 * optimizers. */
#include "nn/adam.h"

const visml_optimizer_class visml_adamw_class = {
    .name = "adamw",
    .opts_size = sizeof(visml_adam_opts),
    .common = offsetof(visml_adam_opts, common),
    .fields = visml_adam_fields,
    .weight_decay = 0.004,
    .slots = visml_adam_slots,
    .step = visml_adam_update,
};

visml_optimizer *visml_adamw(visml_context *ctx, const visml_adam_opts *opts, visml_error *err) {
    return visml_optimizer_make(ctx, &visml_adamw_class, opts, err);
}
