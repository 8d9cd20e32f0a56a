#include "nn/merging.h"

static void forward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_merge_forward(pass, VISML_COMBINE_MAXIMUM);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_merge_backward(pass, VISML_COMBINE_MAXIMUM);
}

const visml_layer_class visml_maximum_class = {
    .name = "maximum",
    .title = "Maximum",
    .opts_size = sizeof(visml_plain_opts),
    .fields = visml_merge_fields,
    .properties = VISML_WORKS_IN_PLACE | VISML_BACKWARD_NEEDS_X | VISML_BACKWARD_NEEDS_Y | VISML_PASSES_MASK,
    .min_inputs = 2,
    .max_inputs = VISML_MAX_INPUTS,
    .infer = visml_merge_infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_maximum(visml_context *ctx, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_maximum_class, opts, err);
}
