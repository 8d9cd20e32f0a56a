/* He et al. 2015, "Delving deep into rectifiers". */
#include "base/error.h"
#include "kernel/prelu.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_prelu_opts, alpha_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD(visml_prelu_opts, shared_axes, I32, VISML_FIELD_LIST, VISML_MAX_RANK - 1, 1, VISML_MAX_RANK - 1, 0),
    VISML_FIELD_OF_RESERVED(visml_prelu_opts),
    VISML_FIELD(visml_prelu_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_prelu_opts *o = layer->opts;
    (void)inputs;
    for (int32_t i = 0; i < VISML_MAX_RANK - 1; i++)
        if (o->shared_axes[i] > in->rank)
            return visml_fail(err, VISML_EINVAL, "shared_axes holds %d, must hold 1 to %d for input %s", o->shared_axes[i], in->rank,
                              visml_shape_format(in).s);
    *out = *in;
    return VISML_OK;
}

/* 1 for the dimensions along which alpha is shared. */
static void shared_of(const visml_layer *layer, unsigned char shared[VISML_MAX_RANK]) {
    const visml_prelu_opts *o = layer->opts;
    for (int32_t i = 0; i < VISML_MAX_RANK; i++)
        shared[i] = 0;
    for (int32_t i = 0; i < VISML_MAX_RANK - 1 && o->shared_axes[i]; i++)
        shared[o->shared_axes[i] - 1] = 1;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_prelu_opts *o = layer->opts;
    unsigned char shared[VISML_MAX_RANK];
    visml_shape alpha = *in;
    (void)inputs;
    shared_of(layer, shared);
    for (int32_t i = 0; i < in->rank; i++)
        alpha.dims[i] = shared[i] ? 1 : in->dims[i];
    int64_t n = visml_shape_count(&alpha);
    return visml_layer_param(layer, "alpha", &alpha, o->alpha_initializer, 1, n, n, err);
}

static visml_prelu_geometry geometry_of(const visml_layer *layer, const visml_pass *pass) {
    unsigned char shared[VISML_MAX_RANK];
    shared_of(layer, shared);
    return visml_prelu_geometry_of(pass->batch, pass->in->rank, pass->in->dims, shared);
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_prelu_geometry g = geometry_of(layer, pass);
    return pass->mode == VISML_TRAINING ? visml_prelu_backward_scratch(&pass->compute, &g) : 0;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_prelu_geometry g = geometry_of(layer, pass);
    visml_prelu_forward(&pass->compute, &g, pass->x[0], pass->params[0], pass->y);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_prelu_geometry g = geometry_of(layer, pass);
    visml_prelu_backward(&pass->compute, &g, pass->x[0], pass->params[0], pass->dy, pass->dx[0], pass->grads[0], pass->scratch);
}

const visml_layer_class visml_prelu_class = {
    .name = "prelu",
    .title = "PReLU",
    .opts_size = sizeof(visml_prelu_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_prelu(visml_context *ctx, const visml_prelu_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_prelu_class, opts, err);
}
