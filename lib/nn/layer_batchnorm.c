/* Ioffe and Szegedy 2015: Batch Normalization. */
#include <float.h>
#include <math.h>

#include "base/checked.h"
#include "base/error.h"
#include "kernel/axes.h"
#include "kernel/elementwise.h"
#include "kernel/masked_norm.h"
#include "kernel/norm.h"
#include "nn/normalizing.h"

#define AXES (VISML_MAX_RANK - 1)

static const visml_field fields[] = {
    VISML_FIELD(visml_batchnorm_opts, no_center, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_batchnorm_opts, momentum, F64, 0, 1, 0, 1, 0.99),
    VISML_FIELD(visml_batchnorm_opts, epsilon, F64, VISML_FIELD_OPEN_MIN, 1, 0, DBL_MAX, 1e-3),
    VISML_FIELD(visml_batchnorm_opts, no_scale, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_batchnorm_opts, axis, I32, 0, 1, -AXES, AXES, -1),
    VISML_FIELD(visml_batchnorm_opts, name, NAME, 0, 1, 0, 0, 0),
    VISML_FIELD_OF_ENUM(visml_batchnorm_opts, beta_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_batchnorm_opts, gamma_initializer, VISML_INIT_ONES, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_batchnorm_opts, moving_mean_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_batchnorm_opts, moving_variance_initializer, VISML_INIT_ONES, visml_init_names),
    {0},
};

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_batchnorm_opts *o = layer->opts;
    int32_t index;
    VISML_TRY(visml_normalizing_axis(o->axis, in, &index, err));
    return visml_normalizing_infer(layer, in, inputs, out, err);
}

/* The input as [before, channels, behind]; a batch of them where `before` is that of the batch. */
typedef struct view {
    int64_t before, c, behind;
} view;

static view view_of(const visml_layer *layer, const visml_shape *in) {
    const visml_batchnorm_opts *o = layer->opts;
    view v = {1, 1, 1};
    int32_t index;
    visml_normalizing_axis(o->axis, in, &index, NULL); /* found in infer, is found again */
    v.c = in->dims[index];
    for (int32_t i = index + 1; i < in->rank; i++)
        v.behind *= in->dims[i];
    v.before = visml_shape_count(in) / (v.c * v.behind);
    return v;
}

static view batch_of(const visml_layer *layer, const visml_pass *pass) {
    view v = view_of(layer, pass->in);
    v.before *= pass->batch;
    return v;
}

static int64_t rows_of(const view *v) {
    return v->before * v->behind;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_batchnorm_opts *o = layer->opts;
    view v = view_of(layer, in);
    visml_shape shape = visml_shape_make(1, &v.c);
    (void)inputs;
    VISML_TRY(visml_normalizing_build(layer, !o->no_scale, !o->no_center, &shape, o->gamma_initializer, o->beta_initializer, err));
    VISML_TRY(visml_normalizing_param(layer, "moving_mean", &shape, o->moving_mean_initializer, 0, err));
    return visml_normalizing_param(layer, "moving_variance", &shape, o->moving_variance_initializer, 0, err);
}

/* The parameters, or their gradients, by name; NULL where the options leave one out. */
typedef struct arrays {
    real *gamma, *beta, *mean, *variance;
} arrays;

static arrays arrays_of(const visml_layer *layer, real *const *list) {
    const visml_batchnorm_opts *o = layer->opts;
    visml_gamma_beta a = visml_normalizing_arrays(!o->no_scale, !o->no_center, list);
    size_t moving = layer->param_count - 2;
    return (arrays){a.gamma, a.beta, list[moving], list[moving + 1]};
}

/* The batch's mean [c] and 1 / sqrt(variance + epsilon) [c], for backward; with a mask also of how many elements they are. */
static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    return (size_t)view_of(layer, pass->in).c * 3 * sizeof(real);
}

static size_t sum_of(size_t a, size_t b) {
    size_t n;
    return visml_size_add(a, b, &n) ? n : SIZE_MAX;
}

/* ---- scratch: two arrays [c] (scale and shift, or gradients that nobody wants), in training with a mask a byte for each element, the
 * input with the channels last where they are not, and in training its gradient, then the kernels' own ---- */

static size_t columns_bytes(const view *v) {
    return ((size_t)v->c * 2 * sizeof(real) + VISML_ALIGN - 1) / VISML_ALIGN * VISML_ALIGN;
}

static int is_masked(const visml_pass *pass) {
    return pass->masked && pass->mode == VISML_TRAINING;
}

static size_t local_bytes(const view *v, const visml_pass *pass) {
    size_t n = 0;
    if (is_masked(pass) && (!visml_size_mul((size_t)rows_of(v), (size_t)v->c, &n) || !visml_size_align(n, VISML_ALIGN, &n)))
        return SIZE_MAX;
    return sum_of(columns_bytes(v), n);
}

/* Of one turned array; SIZE_MAX, which no allocation survives, when it cannot be addressed. */
static size_t turned_bytes(const view *v) {
    size_t n;
    if (v->behind == 1)
        return 0;
    if (!visml_size_mul((size_t)rows_of(v), (size_t)v->c, &n) || !visml_size_mul(n, sizeof(real), &n) ||
        !visml_size_align(n, VISML_ALIGN, &n))
        return SIZE_MAX;
    return n;
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    view v = batch_of(layer, pass);
    int64_t rows = rows_of(&v);
    size_t turned = turned_bytes(&v);
    if (pass->mode == VISML_INFERENCE)
        return sum_of(local_bytes(&v, pass), turned);
    size_t moments = visml_moments_scratch(&pass->compute, rows, v.c), back = visml_batchnorm_backward_scratch(&pass->compute, rows, v.c);
    return sum_of(sum_of(local_bytes(&v, pass), sum_of(turned, turned)), moments > back ? moments : back);
}

/* Parts of the scratch: the number of turned arrays before it. */
static void *part(const view *v, const visml_pass *pass, size_t turned) {
    return (char *)pass->scratch + local_bytes(v, pass) + turned * turned_bytes(v);
}

/* Which elements count, with the channels last. */
static const uint8_t *counting(const view *v, const visml_pass *pass) {
    uint8_t *counts = (uint8_t *)pass->scratch + columns_bytes(v);
    int64_t each = visml_shape_count(pass->in);
    for (int32_t i = 0; i < pass->mask_dims; i++)
        each /= pass->in->dims[i];
    for (int64_t i = 0; i < v->before; i++)
        for (int64_t k = 0; k < v->c * v->behind; k++)
            counts[(i * v->behind + k % v->behind) * v->c + k / v->behind] = pass->mask[(i * v->c * v->behind + k) / each];
    return counts;
}

/* x with the channels last: as it is, or written to `to`. */
static const real *turned(const view *v, const visml_pass *pass, const real *x, real *to) {
    if (v->behind == 1)
        return x;
    visml_axes_swap(&pass->compute, v->before, v->c, v->behind, x, to);
    return to;
}

/* ---- running ---- */

/* Normalisation as one multiply-add: y = x * scale + (beta - mean * scale). shift may be inverse. */
static void settle(const arrays *a, int64_t c, const real *mean, const real *inverse, real *scale, real *shift) {
    for (int64_t i = 0; i < c; i++) {
        scale[i] = a->gamma ? a->gamma[i] * inverse[i] : inverse[i];
        shift[i] = (real)((a->beta ? (double)a->beta[i] : 0) - (double)mean[i] * (double)scale[i]);
    }
}

/* From x with the channels last, which is either pass->x or the scratch's first array. */
static void apply(const view *v, const visml_pass *pass, const real *x, const real *scale, const real *shift) {
    real *to = v->behind == 1 ? pass->y : part(v, pass, 0);
    visml_affine(&pass->compute, rows_of(v), v->c, x, scale, shift, to);
    if (v->behind > 1)
        visml_axes_swap(&pass->compute, v->before, v->behind, v->c, to, pass->y);
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

static int affine_holds(const visml_layer *layer, const visml_shape *in) {
    const visml_batchnorm_opts *o = layer->opts;
    return o->axis == -1 || o->axis == in->rank;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    const visml_batchnorm_opts *o = layer->opts;
    arrays a = arrays_of(layer, pass->params);
    view v = batch_of(layer, pass);
    real *scale = pass->scratch, *shift = scale + v.c;
    const real *x = turned(&v, pass, pass->x[0], part(&v, pass, 0));
    if (pass->mode == VISML_INFERENCE) {
        affine(layer, pass->params, v.c, scale, shift);
        apply(&v, pass, x, scale, shift);
        return;
    }
    real *mean = pass->keep, *inverse = mean + v.c;
    if (is_masked(pass))
        visml_masked_moments(&pass->compute, rows_of(&v), v.c, x, counting(&v, pass), mean, inverse, inverse + v.c);
    else
        visml_moments(&pass->compute, rows_of(&v), v.c, x, mean, inverse, part(&v, pass, 2));
    move(v.c, o->momentum, mean, a.mean);
    move(v.c, o->momentum, inverse, a.variance); /* still the variance */
    invert(v.c, o->epsilon, inverse, inverse);
    settle(&a, v.c, mean, inverse, scale, shift);
    apply(&v, pass, x, scale, shift);
}

static void derive_input(const visml_pass *pass) {
    if (pass->input_activation != VISML_LINEAR)
        visml_activate_backward(&pass->compute, pass->input_activation, pass->input_alpha,
                                (size_t)(pass->batch * visml_shape_count(pass->in)), pass->x[0], pass->dx[0], pass->dx[0]);
}

/* Of a frozen layer: the same affine map as in inference, for the gradient of x alone. */
static void backward_frozen(const visml_layer *layer, const visml_pass *pass) {
    view v = batch_of(layer, pass);
    real *scale = pass->scratch, *shift = scale + v.c, *dx = v.behind == 1 ? pass->dx[0] : part(&v, pass, 0);
    if (!pass->dx[0])
        return;
    affine(layer, pass->params, v.c, scale, shift);
    for (int64_t i = 0; i < v.c; i++)
        shift[i] = 0;
    visml_affine(&pass->compute, rows_of(&v), v.c, turned(&v, pass, pass->dy, dx), scale, shift, dx);
    if (v.behind > 1)
        visml_axes_swap(&pass->compute, v.before, v.behind, v.c, dx, pass->dx[0]);
    derive_input(pass);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    if (pass->mode == VISML_INFERENCE) {
        backward_frozen(layer, pass);
        return;
    }
    arrays a = arrays_of(layer, pass->params), g = arrays_of(layer, pass->grads);
    view v = batch_of(layer, pass);
    const real *mean = pass->keep, *inverse = mean + v.c;
    const real *x = turned(&v, pass, pass->x[0], part(&v, pass, 0)), *dy = turned(&v, pass, pass->dy, part(&v, pass, 1));
    real *dgamma = g.gamma ? g.gamma : pass->scratch, *dbeta = g.beta ? g.beta : (real *)pass->scratch + v.c;
    real *dx = pass->dx[0] && v.behind > 1 ? part(&v, pass, 1) : pass->dx[0];
    visml_normalisation b = {x, mean, inverse, a.gamma, pass->input_activation, pass->input_alpha};
    if (is_masked(pass))
        visml_masked_norm_backward(&pass->compute, rows_of(&v), v.c, &b, counting(&v, pass), inverse + v.c, dy, dx, dgamma, dbeta);
    else
        visml_batchnorm_backward(&pass->compute, rows_of(&v), v.c, &b, dy, dx, dgamma, dbeta, part(&v, pass, 2));
    if (dx && v.behind > 1)
        visml_axes_swap(&pass->compute, v.before, v.behind, v.c, dx, pass->dx[0]);
    if (dx && is_masked(pass))
        derive_input(pass);
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
    .affine_holds = affine_holds,
};

visml_layer *visml_batchnorm(visml_context *ctx, const visml_batchnorm_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_batchnorm_class, opts, err);
}
