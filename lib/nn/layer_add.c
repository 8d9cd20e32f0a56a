#include "base/error.h"
#include "kernel/elementwise.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_plain_opts),
    VISML_FIELD(visml_plain_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer;
    for (size_t i = 1; i < inputs; i++)
        if (!visml_shape_equal(&in[0], &in[i]))
            return visml_fail(err, VISML_EINVAL, "input %zu is %s, must be %s as the first", i + 1, visml_shape_format(&in[i]).s,
                              visml_shape_format(&in[0]).s);
    *out = in[0];
    return VISML_OK;
}

static size_t count_of(const visml_pass *pass) {
    return (size_t)(pass->batch * visml_shape_count(pass->in));
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_sum(&pass->compute, count_of(pass), pass->x[0], pass->x[1], pass->y);
    for (size_t i = 2; i < pass->inputs; i++)
        visml_sum(&pass->compute, count_of(pass), pass->y, pass->x[i], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    for (size_t i = 0; i < pass->inputs; i++)
        if (pass->dx[i] && pass->dx[i] != pass->dy) /* the plan may leave one where it is */
            visml_activate(&pass->compute, VISML_LINEAR, 0, count_of(pass), pass->dy, pass->dx[i]); /* a copy */
}

const visml_layer_class visml_add_class = {
    .name = "add",
    .title = "Add",
    .opts_size = sizeof(visml_plain_opts),
    .fields = fields,
    .properties = VISML_ONLY_ADDS | VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 2,
    .max_inputs = VISML_MAX_INPUTS,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_add(visml_context *ctx, const visml_plain_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_add_class, opts, err);
}
