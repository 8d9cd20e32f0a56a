/* Wu and He 2018: Group Normalization. */
#include <float.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/groupnorm.h"
#include "nn/normalizing.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_groupnorm_opts, groups, I32, 0, 1, -1, INT32_MAX, 32),
    VISML_FIELD(visml_groupnorm_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-3),
    VISML_FIELD(visml_groupnorm_opts, no_center, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_groupnorm_opts, no_scale, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_groupnorm_opts, beta_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_groupnorm_opts, gamma_initializer, VISML_INIT_ONES, visml_init_names),
    VISML_FIELD(visml_groupnorm_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static int64_t channels_of(const visml_shape *in) {
    return in->dims[in->rank - 1];
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_groupnorm_opts *o = layer->opts;
    int64_t c = channels_of(in);
    (void)inputs;
    if (o->groups > 0 && c % o->groups)
        return visml_fail(err, VISML_EINVAL, "input %s has %lld channels, must be a multiple of groups, %d", visml_shape_format(in).s,
                          (long long)c, o->groups);
    *out = *in;
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_groupnorm_opts *o = layer->opts;
    visml_shape shape = visml_shape_make(1, (int64_t[]){channels_of(in)});
    (void)inputs;
    return visml_normalizing_build(layer, !o->no_scale, !o->no_center, &shape, o->gamma_initializer, o->beta_initializer, err);
}

static visml_group_normalisation groups_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_groupnorm_opts *o = layer->opts;
    int64_t c = channels_of(pass->in);
    visml_group_normalisation g = {.n = pass->batch, .rows = visml_shape_count(pass->in) / c, .c = c, .x = pass->x ? pass->x[0] : NULL,
                                   .groups = o->groups > 0 ? o->groups : c, .epsilon = o->epsilon};
    if (pass->params) {
        visml_gamma_beta a = visml_normalizing_arrays(!o->no_scale, !o->no_center, pass->params);
        g.gamma = a.gamma;
        g.beta = a.beta;
    }
    return g;
}

/* Mean and 1 / sqrt(variance + epsilon) [batch, channels], which backward needs; in inference a part of the scratch. */
static size_t moments_bytes(const visml_group_normalisation *g) {
    size_t n;
    return visml_size_align((size_t)(g->n * g->c) * 2 * sizeof(real), VISML_ALIGN, &n) ? n : SIZE_MAX;
}

static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    visml_group_normalisation g = groups_of(layer, pass);
    return moments_bytes(&g);
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_group_normalisation g = groups_of(layer, pass);
    size_t forward = visml_groupnorm_forward_scratch(&pass->compute, g.n, g.rows, g.c);
    size_t back = visml_groupnorm_backward_scratch(&pass->compute, g.n, g.rows, g.c), all;
    if (pass->mode == VISML_TRAINING)
        return forward > back ? forward : back;
    return visml_size_add(moments_bytes(&g), forward, &all) ? all : SIZE_MAX;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_group_normalisation g = groups_of(layer, pass);
    int training = pass->mode == VISML_TRAINING;
    real *mean = training ? pass->keep : pass->scratch;
    void *rest = training ? pass->scratch : (char *)pass->scratch + moments_bytes(&g);
    visml_groupnorm_forward(&pass->compute, &g, pass->y, mean, mean + g.n * g.c, rest);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    const visml_groupnorm_opts *o = layer->opts;
    visml_group_normalisation g = groups_of(layer, pass);
    visml_gamma_beta d = visml_normalizing_arrays(!o->no_scale, !o->no_center, pass->grads);
    const real *mean = pass->keep;
    visml_groupnorm_backward(&pass->compute, &g, mean, mean + g.n * g.c, pass->dy, pass->dx[0], d.gamma, d.beta, pass->scratch);
}

const visml_layer_class visml_groupnorm_class = {
    .name = "group_normalization",
    .title = "GroupNormalization",
    .opts_size = sizeof(visml_groupnorm_opts),
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

visml_layer *visml_groupnorm(visml_context *ctx, const visml_groupnorm_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_groupnorm_class, opts, err);
}
