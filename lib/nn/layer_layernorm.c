/* Ba, Kiros and Hinton 2016: Layer Normalization. */
#include <float.h>

#include "base/error.h"
#include "kernel/layernorm.h"
#include "nn/normalizing.h"

#define AXES (VISML_MAX_RANK - 1)

static const visml_field fields[] = {
    VISML_FIELD(visml_layernorm_opts, axis, I32, VISML_FIELD_LIST, AXES, -AXES, AXES, 0), /* none: the last */
    VISML_FIELD(visml_layernorm_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-3),
    VISML_FIELD(visml_layernorm_opts, no_center, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_layernorm_opts, no_scale, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_layernorm_opts, rms_scaling, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_layernorm_opts, beta_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_layernorm_opts, gamma_initializer, VISML_INIT_ONES, visml_init_names),
    VISML_FIELD_OF_RESERVED(visml_layernorm_opts),
    VISML_FIELD(visml_layernorm_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static int32_t axes_given(const visml_layernorm_opts *o) {
    int32_t n = 0;
    while (n < AXES && o->axis[n])
        n++;
    return n;
}

/* How many dimensions are normalised together; they are the last ones. */
static int32_t axes_of(const visml_layernorm_opts *o) {
    int32_t n = axes_given(o);
    return n ? n : 1;
}

/* Each of the last dimensions must be there once. */
static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_layernorm_opts *o = layer->opts;
    int32_t n = axes_given(o), seen = 0, index;
    (void)inputs;
    for (int32_t i = 0; i < n; i++) {
        VISML_TRY(visml_normalizing_axis(o->axis[i], in, &index, err));
        if (seen >> index & 1)
            return visml_fail(err, VISML_EINVAL, "axis[%d] is %d, which is named twice for input %s", i, o->axis[i],
                              visml_shape_format(in).s);
        if (index < in->rank - n)
            return visml_fail(err, VISML_EINVAL, "axis[%d] is %d, must be one of the last %d dimensions of input %s: axis holds %d", i,
                              o->axis[i], n, visml_shape_format(in).s, n);
        seen |= 1 << index;
    }
    *out = *in;
    return VISML_OK;
}

static int has_gamma(const visml_layernorm_opts *o) {
    return o->rms_scaling || !o->no_scale;
}

static int has_beta(const visml_layernorm_opts *o) {
    return !o->rms_scaling && !o->no_center;
}

static visml_shape normalised(const visml_layernorm_opts *o, const visml_shape *in) {
    int32_t n = axes_of(o);
    return visml_shape_make(n, in->dims + in->rank - n);
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_layernorm_opts *o = layer->opts;
    visml_shape shape = normalised(o, in);
    (void)inputs;
    return visml_normalizing_build(layer, has_gamma(o), has_beta(o), &shape, o->gamma_initializer, o->beta_initializer, err);
}

static visml_layer_normalisation rows_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_layernorm_opts *o = layer->opts;
    visml_shape shape = normalised(o, pass->in);
    int64_t c = visml_shape_count(&shape);
    visml_layer_normalisation l = {.rows = pass->batch * (visml_shape_count(pass->in) / c), .c = c, .x = pass->x ? pass->x[0] : NULL,
                                   .epsilon = o->epsilon, .keeps_mean = o->rms_scaling};
    if (pass->params) {
        visml_gamma_beta a = visml_normalizing_arrays(has_gamma(o), has_beta(o), pass->params);
        l.gamma = a.gamma;
        l.beta = a.beta;
    }
    return l;
}

/* Each row's mean and 1 / sqrt(variance + epsilon), for backward. */
static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    return (size_t)rows_of(layer, pass).rows * 2 * sizeof(real);
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_layer_normalisation l = rows_of(layer, pass);
    return pass->mode == VISML_TRAINING ? visml_layernorm_backward_scratch(&pass->compute, l.rows, l.c) : 0;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_layer_normalisation l = rows_of(layer, pass);
    real *mean = pass->mode == VISML_TRAINING ? pass->keep : NULL;
    visml_layernorm_forward(&pass->compute, &l, pass->y, mean, mean ? mean + l.rows : NULL);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const visml_layernorm_opts *o = layer->opts;
    visml_layer_normalisation l = rows_of(layer, pass);
    visml_gamma_beta g = visml_normalizing_arrays(has_gamma(o), has_beta(o), pass->grads);
    const real *mean = pass->keep;
    visml_layernorm_backward(&pass->compute, &l, mean, mean + l.rows, pass->dy, pass->dx[0], g.gamma, g.beta, pass->scratch);
}

const visml_layer_class visml_layernorm_class = {
    .name = "layer_normalization",
    .title = "LayerNormalization",
    .opts_size = sizeof(visml_layernorm_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_WORKS_IN_PLACE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_layernorm(visml_context *ctx, const visml_layernorm_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_layernorm_class, opts, err);
}
