/* The layer that is nothing but its activation: as any other, it leaves that to the caller, who for this class need not call forward. */
#include <float.h>

#include "kernel/elementwise.h"
#include "nn/layer.h"

#define OF_THE_ACTIVATION (-1) /* alpha that was not given: what it is depends on the activation */

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_activation_opts, activation, VISML_LINEAR, visml_act_names),
    VISML_FIELD(visml_activation_opts, alpha, F64, 0, 1, 0, FLT_MAX, OF_THE_ACTIVATION),
    VISML_FIELD(visml_activation_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static size_t count_of(const visml_pass *pass) {
    return (size_t)(pass->batch * visml_shape_count(pass->in));
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    visml_activate(&pass->compute, VISML_LINEAR, 0, count_of(pass), pass->x[0], pass->y); /* a copy */
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    if (pass->dx[0])
        visml_activate(&pass->compute, VISML_LINEAR, 0, count_of(pass), pass->dy, pass->dx[0]); /* a copy */
}

const visml_layer_class visml_activation_class = {
    .name = "activation",
    .title = "Activation",
    .opts_size = sizeof(visml_activation_opts),
    .fields = fields,
    .properties = VISML_ONLY_ACTIVATES | VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_layer_same_shape,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_activation(visml_context *ctx, const visml_activation_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_activation_class, opts, err);
}
