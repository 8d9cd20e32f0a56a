#include "kernel/elementwise.h"
#include "nn/merging.h"

static void forward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_sum(&pass->compute, visml_merge_count(pass), pass->x[0], pass->x[1], pass->y);
    for (size_t i = 2; i < pass->inputs; i++)
        visml_sum(&pass->compute, visml_merge_count(pass), pass->y, pass->x[i], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    for (size_t i = 0; i < pass->inputs; i++)
        if (pass->dx[i] && pass->dx[i] != pass->dy) /* the plan may leave one where it is */
            visml_activate(&pass->compute, VISML_LINEAR, 0, visml_merge_count(pass), pass->dy, pass->dx[i]); /* a copy */
}

const visml_layer_class visml_add_class = {
    .name = "add",
    .title = "Add",
    .opts_size = sizeof(visml_plain_opts),
    .fields = visml_merge_fields,
    .properties = VISML_ONLY_ADDS | VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 2,
    .max_inputs = VISML_MAX_INPUTS,
    .infer = visml_merge_infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_add(visml_context *ctx, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_add_class, opts, err);
}
