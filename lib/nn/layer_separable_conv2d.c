/* A depthwise convolution and one of 1 x 1 behind it, with nothing in between (Sifre 2014; Chollet 2017: Xception). */
#include "base/checked.h"
#include "base/error.h"
#include "kernel/norm.h"
#include "nn/convolving.h"
#include "nn/window.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_separable_conv2d_opts, filters, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD(visml_separable_conv2d_opts, kernel_size, I32, VISML_FIELD_REQUIRED | VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0),
    VISML_FIELD(visml_separable_conv2d_opts, strides, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD(visml_separable_conv2d_opts, dilation_rate, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD_OF_ENUM(visml_separable_conv2d_opts, padding, VISML_VALID, visml_padding_names),
    VISML_FIELD(visml_separable_conv2d_opts, depth_multiplier, I32, 0, 1, 1, INT32_MAX, 1),
    VISML_FIELD_OF_ENUM(visml_separable_conv2d_opts, activation, VISML_LINEAR, visml_act_names),
    VISML_FIELD(visml_separable_conv2d_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_separable_conv2d_opts, depthwise_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_separable_conv2d_opts, pointwise_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_separable_conv2d_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_RESERVED(visml_separable_conv2d_opts),
    VISML_FIELD(visml_separable_conv2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_windows windows_of(const visml_separable_conv2d_opts *o) {
    return (visml_windows){{o->kernel_size[0], o->strides[0], o->dilation_rate[0], 0, 0},
                           {o->kernel_size[1], o->strides[1], o->dilation_rate[1], 0, 0}, 0};
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_separable_conv2d_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    int64_t between;
    (void)inputs;
    VISML_TRY(visml_windows_fit("kernel", in, o->padding, &s, err));
    VISML_TRY(visml_convolving_multiply(in, o->depth_multiplier, &between, err));
    visml_shape middle = visml_windows_out(&s, between);
    VISML_TRY(visml_shape_check("result of the depthwise convolution", &middle, 1, err));
    *out = visml_windows_out(&s, o->filters);
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_separable_conv2d_opts *o = layer->opts;
    visml_shape depthwise = visml_shape_make(4, (int64_t[]){o->kernel_size[0], o->kernel_size[1], in->dims[2], o->depth_multiplier});
    visml_shape pointwise = visml_shape_make(4, (int64_t[]){1, 1, in->dims[2] * o->depth_multiplier, o->filters});
    (void)inputs;
    VISML_TRY(visml_convolving_kernel(layer, "depthwise_kernel", &depthwise, o->depthwise_initializer, err));
    VISML_TRY(visml_convolving_kernel(layer, "pointwise_kernel", &pointwise, o->pointwise_initializer, err));
    return visml_convolving_bias(layer, o->no_bias, o->filters, o->bias_initializer, err);
}

/* The two convolutions. */
typedef struct pair {
    visml_conv2d_geometry depthwise, pointwise;
} pair;

static pair pair_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_separable_conv2d_opts *o = layer->opts;
    visml_windows s = windows_of(o), point = {VISML_WINDOW_FLAT, VISML_WINDOW_FLAT, 0};
    int64_t channels = pass->in[0].dims[2];
    pair p;
    visml_windows_fit("kernel", pass->in, o->padding, &s, NULL); /* fitted in infer, fits again */
    p.depthwise = visml_windows_conv(&s, pass->batch, pass->in, channels * o->depth_multiplier, channels);
    visml_shape middle = visml_windows_out(&s, p.depthwise.f);
    visml_windows_fit("kernel", &middle, VISML_VALID, &point, NULL);
    p.pointwise = visml_windows_conv(&point, pass->batch, &middle, o->filters, 1);
    return p;
}

/* What is between them, and in backward its gradient, at the beginning of scratch. SIZE_MAX, which no allocation survives, when there is
 * too much of it. */
static size_t middle_bytes(const visml_conv2d_geometry *g) {
    size_t n;
    if (!visml_size_mul((size_t)(g->oh * g->ow * g->f), (size_t)g->n, &n) || !visml_size_mul(n, sizeof(real), &n) ||
        !visml_size_align(n, VISML_ALIGN, &n))
        return SIZE_MAX;
    return n;
}

/* Between them in a training pass: backward needs it. */
static size_t keep(const visml_layer *layer, const visml_pass *pass) {
    pair p = pair_of(layer, pass);
    return middle_bytes(&p.depthwise);
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    pair p = pair_of(layer, pass);
    size_t one = visml_convolving_bytes(pass, &p.depthwise), other = visml_convolving_bytes(pass, &p.pointwise), sum;
    return visml_size_add(middle_bytes(&p.depthwise), one > other ? one : other, &sum) ? sum : SIZE_MAX;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    pair p = pair_of(layer, pass);
    visml_epilogue e = visml_convolving_epilogue(layer, pass);
    real *middle = pass->mode == VISML_TRAINING ? pass->keep : pass->scratch;
    void *rest = (char *)pass->scratch + middle_bytes(&p.depthwise);
    visml_conv2d_forward(&pass->compute, &p.depthwise, pass->x[0], pass->params[0], NULL, middle, NULL, rest);
    visml_conv2d_forward(&pass->compute, &p.pointwise, middle, pass->params[1], pass->prepared, pass->y, &e, rest);
}

/* The pointwise weights; the depthwise ones are read as they are. */
static size_t prepare_bytes(const visml_layer *layer, const visml_pass *pass) {
    pair p = pair_of(layer, pass);
    return visml_convolving_packed(&pass->compute, &p.pointwise);
}

static void prepare(const visml_layer *layer, const visml_pass *pass, void *prepared) {
    pair p = pair_of(layer, pass);
    visml_conv2d_pack(&pass->compute, &p.pointwise, pass->params[1], prepared);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    pair p = pair_of(layer, pass);
    real *bias = layer->param_count > 2 ? pass->grads[2] : NULL, *middle = pass->scratch;
    void *rest = (char *)pass->scratch + middle_bytes(&p.depthwise);
    if (pass->grads[1])
        visml_conv2d_backward_weights(&pass->compute, &p.pointwise, pass->keep, pass->dy, pass->grads[1], bias, rest);
    else if (bias)
        visml_colsum(&pass->compute, pass->batch * p.pointwise.oh * p.pointwise.ow, p.pointwise.f, pass->dy, bias, rest);
    if (!pass->grads[0] && !pass->dx[0])
        return;
    visml_conv2d_backward_data(&pass->compute, &p.pointwise, pass->dy, pass->params[1], middle, rest);
    if (pass->grads[0])
        visml_conv2d_backward_weights(&pass->compute, &p.depthwise, pass->x[0], middle, pass->grads[0], NULL, rest);
    if (pass->dx[0])
        visml_conv2d_backward_data(&pass->compute, &p.depthwise, middle, pass->params[0], pass->dx[0], rest);
}

const visml_layer_class visml_separable_conv2d_class = {
    .name = "separable_conv2d",
    .title = "SeparableConv2D",
    .opts_size = sizeof(visml_separable_conv2d_opts),
    .fields = fields,
    .properties = VISML_FUSES_EPILOGUE | VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .keep = keep,
    .forward = forward,
    .backward = backward,
    .prepare_bytes = prepare_bytes,
    .prepare = prepare,
};

visml_layer *visml_separable_conv2d(visml_context *ctx, const visml_separable_conv2d_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_separable_conv2d_class, opts, err);
}
