/* Transposed convolution (Zeiler et al. 2010; Dumoulin and Visin 2016): the convolution from y to x, and what was its gradient of y. */
#include "base/checked.h"
#include "base/error.h"
#include "kernel/norm.h"
#include "kernel/transposed.h"
#include "nn/convolving.h"
#include "nn/window.h"

#define MOST_PADDING (INT32_MAX - 1) /* it is less than the stride */
#define UNSET (-1)

static const visml_field fields[] = {
    VISML_FIELD(visml_conv2d_transpose_opts, filters, I32, VISML_FIELD_REQUIRED, 1, 1, INT32_MAX, 0),
    VISML_FIELD(visml_conv2d_transpose_opts, kernel_size, I32, VISML_FIELD_REQUIRED | VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0),
    VISML_FIELD(visml_conv2d_transpose_opts, strides, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD(visml_conv2d_transpose_opts, dilation_rate, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 1),
    VISML_FIELD_OF_ENUM(visml_conv2d_transpose_opts, padding, VISML_VALID, visml_padding_names),
    VISML_FIELD(visml_conv2d_transpose_opts, output_padding, F64, VISML_FIELD_SPREAD | VISML_FIELD_WHOLE, 2, 0, MOST_PADDING, UNSET),
    VISML_FIELD_OF_ENUM(visml_conv2d_transpose_opts, activation, VISML_LINEAR, visml_act_names),
    VISML_FIELD(visml_conv2d_transpose_opts, no_bias, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_ENUM(visml_conv2d_transpose_opts, kernel_initializer, VISML_INIT_GLOROT_UNIFORM, visml_init_names),
    VISML_FIELD_OF_ENUM(visml_conv2d_transpose_opts, bias_initializer, VISML_INIT_ZEROS, visml_init_names),
    VISML_FIELD_OF_RESERVED(visml_conv2d_transpose_opts),
    VISML_FIELD(visml_conv2d_transpose_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_status check(const visml_layer *layer, visml_error *err) {
    const visml_conv2d_transpose_opts *o = layer->opts;
    const double *extra = o->output_padding;
    if ((extra[0] < 0) != (extra[1] < 0))
        return visml_fail(err, VISML_EINVAL, "conv2d_transpose: output_padding[0] is not set and output_padding[1] is; set both or none");
    for (int i = 0; i < 2; i++)
        if (extra[i] >= o->strides[i])
            return visml_fail(err, VISML_EINVAL, "conv2d_transpose: output_padding[%d] is %.0f, must be less than strides[%d], %d", i,
                              extra[i], i, o->strides[i]);
    return VISML_OK;
}

/* One dimension of the transposed convolution: its input `size`, the places of its window, are known; the output and what of it lies in
 * front of the first place follow, as Keras has them. */
typedef struct extent {
    int64_t out, front;
} extent;

static extent extent_of(const visml_window *w, int64_t in, visml_padding padding, double extra) {
    int64_t k = visml_window_extent(w), odd = k % 2, more = (int64_t)extra, span = (in - 1) * w->stride;
    if (padding == VISML_VALID)
        return (extent){span + k + (extra >= 0 ? more : k < w->stride ? w->stride - k : 0), 0};
    if (extra < 0)
        more = w->stride - odd;
    return (extent){span + odd + more, k - odd > more ? (k - odd - more) / 2 : 0};
}

/* The extents, the product of an input's size and a stride being countable. */
static int fits(const visml_window *w, int64_t in) {
    int64_t n;
    return visml_i64_mul(in, w->stride, &n) && visml_i64_mul(n, 4, &n);
}

static visml_windows windows_of(const visml_conv2d_transpose_opts *o) {
    return (visml_windows){{o->kernel_size[0], o->strides[0], o->dilation_rate[0], 0, 0},
                           {o->kernel_size[1], o->strides[1], o->dilation_rate[1], 0, 0}, 0};
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_conv2d_transpose_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    (void)inputs;
    if (in->rank != 3)
        return visml_fail(err, VISML_EINVAL, "input %s must be [height, width, channels]", visml_shape_format(in).s);
    if (!fits(&s.h, in->dims[0]) || !fits(&s.w, in->dims[1]))
        return visml_fail(err, VISML_EINVAL, "input %s with strides %dx%d gives more elements than can be addressed",
                          visml_shape_format(in).s, o->strides[0], o->strides[1]);
    extent h = extent_of(&s.h, in->dims[0], o->padding, o->output_padding[0]);
    extent w = extent_of(&s.w, in->dims[1], o->padding, o->output_padding[1]);
    if (h.out < 1 || w.out < 1)
        return visml_fail(err, VISML_EINVAL, "output_padding %.0fx%.0f leaves nothing of input %s; leave it out or use padding=valid",
                          o->output_padding[0], o->output_padding[1], visml_shape_format(in).s);
    *out = visml_shape_make(3, (int64_t[]){h.out, w.out, o->filters});
    return VISML_OK;
}

static visml_status build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    const visml_conv2d_transpose_opts *o = layer->opts;
    visml_shape kernel = visml_shape_make(4, (int64_t[]){o->kernel_size[0], o->kernel_size[1], o->filters, in->dims[2]});
    (void)inputs;
    VISML_TRY(visml_convolving_kernel(layer, "kernel", &kernel, o->kernel_initializer, err));
    return visml_convolving_bias(layer, o->no_bias, o->filters, o->bias_initializer, err);
}

/* The convolution that is transposed: from this layer's output to its input. */
static visml_conv2d_geometry geometry_of(const visml_layer *layer, const visml_pass *pass) {
    const visml_conv2d_transpose_opts *o = layer->opts;
    const int64_t *in = pass->in[0].dims;
    visml_windows s = windows_of(o);
    extent h = extent_of(&s.h, in[0], o->padding, o->output_padding[0]), w = extent_of(&s.w, in[1], o->padding, o->output_padding[1]);
    visml_shape out = visml_shape_make(3, (int64_t[]){h.out, w.out, o->filters});
    s.h.out = in[0];
    s.w.out = in[1];
    s.h.front = h.front;
    s.w.front = w.front;
    return visml_windows_conv(&s, pass->batch, &out, in[2], 1);
}

static int64_t places(const visml_conv2d_geometry *g) {
    return g->n * g->h * g->w;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    size_t most = visml_transposed_forward_scratch(&pass->compute, &g);
    if (pass->mode == VISML_TRAINING) {
        most = larger(most, visml_conv2d_forward_scratch(&pass->compute, &g));
        most = larger(most, visml_conv2d_backward_weights_scratch(&pass->compute, &g));
        most = larger(most, visml_colsum_scratch(&pass->compute, places(&g), g.c));
    }
    return most;
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_epilogue e = visml_convolving_epilogue(layer, pass);
    visml_transposed_forward(&pass->compute, &g, pass->x[0], pass->params[0], pass->prepared, pass->y, &e, pass->scratch);
}

static size_t prepare_bytes(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    return visml_layer_packed(visml_transposed_packed_bytes(&pass->compute, &g));
}

static void prepare(const visml_layer *layer, const visml_pass *pass, void *prepared) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_transposed_pack(&pass->compute, &g, pass->params[0], prepared);
}

static int32_t prepared_form(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    return visml_transposed_packed_form(&g);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    if (pass->grads[0])
        visml_conv2d_backward_weights(&pass->compute, &g, pass->dy, pass->x[0], pass->grads[0], NULL, pass->scratch);
    if (layer->param_count > 1 && pass->grads[1])
        visml_colsum(&pass->compute, places(&g), g.c, pass->dy, pass->grads[1], pass->scratch);
    if (pass->dx[0])
        visml_conv2d_forward(&pass->compute, &g, pass->dy, pass->params[0], NULL, pass->dx[0], NULL, pass->scratch);
}

const visml_layer_class visml_conv2d_transpose_class = {
    .name = "conv2d_transpose",
    .title = "Conv2DTranspose",
    .opts_size = sizeof(visml_conv2d_transpose_opts),
    .fields = fields,
    .properties = VISML_FUSES_EPILOGUE | VISML_BACKWARD_NEEDS_X,
    .min_inputs = 1,
    .max_inputs = 1,
    .check = check,
    .infer = infer,
    .build = build,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
    .prepare_bytes = prepare_bytes,
    .prepare = prepare,
    .prepared_form = prepared_form,
};

visml_layer *visml_conv2d_transpose(visml_context *ctx, const visml_conv2d_transpose_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_conv2d_transpose_class, opts, err);
}
