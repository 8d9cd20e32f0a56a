#include <float.h>

#include "kernel/elementwise.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_rescaling_opts),
    VISML_FIELD(visml_rescaling_opts, scale, F64, VISML_FIELD_REQUIRED, 1, -FLT_MAX, FLT_MAX, 0),
    VISML_FIELD(visml_rescaling_opts, offset, F64, 0, 1, -FLT_MAX, FLT_MAX, 0),
    VISML_FIELD(visml_rescaling_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static size_t count_of(const visml_pass *pass) {
    return (size_t)(pass->batch * visml_shape_count(pass->in));
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_rescaling_opts *o = layer->opts;
    visml_scale(&pass->compute, count_of(pass), pass->x[0], (real)o->scale, (real)o->offset, pass->y);
}

static void affine(const visml_layer *layer, real *const *params, int64_t channels, real *scale, real *shift) {
    const visml_rescaling_opts *o = layer->opts;
    (void)params;
    for (int64_t i = 0; i < channels; i++) {
        scale[i] = (real)o->scale;
        shift[i] = (real)o->offset;
    }
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const visml_rescaling_opts *o = layer->opts;
    if (pass->dx[0])
        visml_scale(&pass->compute, count_of(pass), pass->dy, (real)o->scale, 0, pass->dx[0]);
}

const visml_layer_class visml_rescaling_class = {
    .name = "rescaling",
    .title = "Rescaling",
    .opts_size = sizeof(visml_rescaling_opts),
    .fields = fields,
    .properties = VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = visml_layer_same_shape,
    .forward = forward,
    .backward = backward,
    .affine = affine,
};

visml_layer *visml_rescaling(visml_context *ctx, const visml_rescaling_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_rescaling_class, opts, err);
}
