/* Ioffe and Szegedy 2015: Batch Normalization. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "kernel/elementwise.h"
#include "kernel/norm.h"
#include "nn/layer.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_batchnorm_opts, no_center, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_batchnorm_opts, momentum, F64, 0, 1, 0, 1, 0.99),
    VISML_FIELD(visml_batchnorm_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-3),
    VISML_FIELD(visml_batchnorm_opts, no_scale, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_batchnorm_opts),
    VISML_FIELD(visml_batchnorm_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    (void)layer, (void)inputs, (void)err;
    *out = *in;
    return VISML_OK;
}

static int64_t channels_of(const visml_shape *in) {
    return in->dims[in->rank - 1];
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_batchnorm_opts *o = layer->opts;
    int64_t c = channels_of(in);
    visml_shape shape = visml_shape_make(1, &c);
    (void)inputs;
    if (!o->no_scale)
        VISML_TRY(visml_layer_param(layer, "gamma", &shape, VISML_INIT_ONES, 1, c, c, err));
    if (!o->no_center)
        VISML_TRY(visml_layer_param(layer, "beta", &shape, VISML_INIT_ZEROS, 1, c, c, err));
    VISML_TRY(visml_layer_param(layer, "moving_mean", &shape, VISML_INIT_ZEROS, 0, c, c, err));
    return visml_layer_param(layer, "moving_variance", &shape, VISML_INIT_ONES, 0, c, c, err);
}

/* The parameters, or their gradients, by name; NULL where the options leave one out. */
typedef struct arrays {
    real *gamma, *beta, *mean, *variance;
} arrays;

static arrays arrays_of(const visml_layer *layer, real *const *list) {
    const visml_batchnorm_opts *o = layer->opts;
    arrays a = {0};
    if (!o->no_scale)
        a.gamma = *list++;
    if (!o->no_center)
        a.beta = *list++;
    a.mean = *list++;
    a.variance = *list;
    return a;
}

static int64_t rows_of(const visml_pass *pass) {
    return pass->batch * (visml_shape_count(pass->in) / channels_of(pass->in));
}

/* The batch's mean [c] and 1 / sqrt(variance + epsilon) [c], for backward. */
static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    (void)layer;
    return (size_t)channels_of(pass->in) * 2 * sizeof(real);
}

/* Two arrays [c] (scale and shift, or gradients that nobody wants), then the kernels' own. */
static size_t local_bytes(const visml_pass *pass) {
    return ((size_t)channels_of(pass->in) * 2 * sizeof(real) + VISML_ALIGN - 1) / VISML_ALIGN * VISML_ALIGN;
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    int64_t rows = rows_of(pass), c = channels_of(pass->in);
    (void)layer;
    if (pass->mode == VISML_INFERENCE)
        return local_bytes(pass);
    size_t moments = visml_moments_scratch(&pass->compute, rows, c), back = visml_batchnorm_backward_scratch(&pass->compute, rows, c);
    return local_bytes(pass) + (moments > back ? moments : back);
}

/* Normalisation as one multiply-add: y = x * scale + (beta - mean * scale). shift may be inverse. */
static void settle(const arrays *a, int64_t c, const real *mean, const real *inverse, real *scale, real *shift) {
    for (int64_t i = 0; i < c; i++) {
        scale[i] = a->gamma ? a->gamma[i] * inverse[i] : inverse[i];
        shift[i] = (real)((a->beta ? (double)a->beta[i] : 0) - (double)mean[i] * (double)scale[i]);
    }
}

static void apply(const visml_pass *pass, const real *scale, const real *shift) {
    int64_t c = channels_of(pass->in);
    visml_affine(&pass->compute, rows_of(pass), c, pass->x[0], scale, shift, pass->y);
}

static void invert(int64_t c, double epsilon, const real *variance, real *inverse) {
    for (int64_t i = 0; i < c; i++)
        inverse[i] = (real)(1 / sqrt((double)variance[i] + epsilon));
}

static void move(int64_t c, double momentum, const real *batch, real *moving) {
    for (int64_t i = 0; i < c; i++)
        moving[i] = (real)((double)moving[i] * momentum + (double)batch[i] * (1 - momentum));
}

static void affine(const visml_layer *layer, real *const *params, int64_t channels, real *scale, real *shift) {
    const visml_batchnorm_opts *o = layer->opts;
    arrays a = arrays_of(layer, params);
    invert(channels, o->epsilon, a.variance, shift);
    settle(&a, channels, a.mean, shift, scale, shift);
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_batchnorm_opts *o = layer->opts;
    arrays a = arrays_of(layer, pass->params);
    int64_t c = channels_of(pass->in);
    real *scale = pass->scratch, *shift = scale + c;
    if (pass->mode == VISML_INFERENCE) {
        affine(layer, pass->params, c, scale, shift);
        apply(pass, scale, shift);
        return;
    }
    real *mean = pass->keep, *inverse = mean + c;
    visml_moments(&pass->compute, rows_of(pass), c, pass->x[0], mean, inverse, (char *)pass->scratch + local_bytes(pass));
    move(c, o->momentum, mean, a.mean);
    move(c, o->momentum, inverse, a.variance); /* still the variance */
    invert(c, o->epsilon, inverse, inverse);
    settle(&a, c, mean, inverse, scale, shift);
    apply(pass, scale, shift);
}

/* Of a frozen layer: the same affine map as in inference, for the gradient of x alone. */
static void backward_frozen(const visml_layer *layer, const visml_pass *pass) {
    int64_t c = channels_of(pass->in), rows = rows_of(pass);
    real *scale = pass->scratch, *shift = scale + c;
    if (!pass->dx[0])
        return;
    affine(layer, pass->params, c, scale, shift);
    for (int64_t i = 0; i < c; i++)
        shift[i] = 0;
    visml_affine(&pass->compute, rows, c, pass->dy, scale, shift, pass->dx[0]);
    if (pass->input_activation != VISML_LINEAR)
        visml_activate_backward(&pass->compute, pass->input_activation, pass->input_alpha, (size_t)(rows * c), pass->x[0], pass->dx[0],
                                pass->dx[0]);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    if (pass->mode == VISML_INFERENCE) {
        backward_frozen(layer, pass);
        return;
    }
    arrays a = arrays_of(layer, pass->params), g = arrays_of(layer, pass->grads);
    int64_t c = channels_of(pass->in);
    const real *mean = pass->keep, *inverse = mean + c;
    real *dgamma = g.gamma ? g.gamma : pass->scratch, *dbeta = g.beta ? g.beta : (real *)pass->scratch + c;
    visml_normalisation b = {pass->x[0], mean, inverse, a.gamma, pass->input_activation, pass->input_alpha};
    visml_batchnorm_backward(&pass->compute, rows_of(pass), c, &b, pass->dy, pass->dx[0], dgamma, dbeta,
                             (char *)pass->scratch + local_bytes(pass));
}

const visml_layer_class visml_batchnorm_class = {
    .name = "batch_normalization",
    .title = "BatchNormalization",
    .opts_size = sizeof(visml_batchnorm_opts),
    .fields = fields,
    .properties = VISML_BACKWARD_NEEDS_X | VISML_WORKS_IN_PLACE | VISML_DERIVES_INPUT | VISML_FREEZES_STATE | VISML_PASSES_MASK,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
    .affine = affine,
};

visml_layer *visml_batchnorm(visml_context *ctx, const visml_batchnorm_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_batchnorm_class, opts, err);
}
