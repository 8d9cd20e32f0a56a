#include <float.h>

#include "kernel/elementwise.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_gaussian_noise_opts),
    VISML_FIELD(visml_gaussian_noise_opts, stddev, F64, VISML_FIELD_REQUIRED, 1, 0, FLT_MAX, 0),
    VISML_FIELD(visml_gaussian_noise_opts, seed, U64, 0, 1, 0, 18446744073709551615.0, 0),
    VISML_FIELD(visml_gaussian_noise_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static size_t count_of(const visml_pass *pass) {
    return (size_t)(pass->batch * visml_shape_count(pass->in));
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_gaussian_noise_opts *o = layer->opts;
    visml_noise_apply(&pass->compute, count_of(pass), pass->x[0], o->stddev, 0, o->seed ? o->seed : pass->key, pass->step, pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    if (pass->dx[0])
        visml_activate(&pass->compute, VISML_LINEAR, 0, count_of(pass), pass->dy, pass->dx[0]); /* a copy */
}

const visml_layer_class visml_gaussian_noise_class = {
    .name = "gaussian_noise",
    .title = "GaussianNoise",
    .opts_size = sizeof(visml_gaussian_noise_opts),
    .fields = fields,
    .properties = VISML_IDLE_INFERENCE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_layer_same_shape,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_gaussian_noise(visml_context *ctx, const visml_gaussian_noise_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_gaussian_noise_class, opts, err);
}
