#include "nn/convolving.h"

#include "base/checked.h"
#include "base/error.h"
#include "kernel/norm.h"
#include "kernel/winograd.h"
#include "nn/window.h"

static visml_conv2d_geometry geometry_of(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g;
    layer->cls->geometry(layer, pass, &g);
    return g;
}

static int64_t places(const visml_conv2d_geometry *g) {
    return g->n * g->oh * g->ow;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t visml_convolving_bytes(const visml_pass *pass, const visml_conv2d_geometry *g) {
    size_t most = visml_conv2d_forward_scratch(&pass->compute, g);
    if (pass->mode == VISML_TRAINING) {
        most = larger(most, visml_conv2d_backward_data_scratch(&pass->compute, g));
        most = larger(most, visml_conv2d_backward_weights_scratch(&pass->compute, g));
        most = larger(most, visml_colsum_scratch(&pass->compute, places(g), g->f));
    }
    return most;
}

size_t visml_convolving_scratch(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    return visml_convolving_bytes(pass, &g);
}

visml_epilogue visml_convolving_epilogue(const visml_layer *layer, const visml_pass *pass) {
    visml_epilogue e = {0};
    size_t bias = visml_layer_bias(layer);
    if (pass->epilogue)
        e = *pass->epilogue;
    if (bias < layer->param_count && !e.bias)
        e.bias = pass->params[bias];
    return e;
}

void visml_convolving_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_epilogue e = visml_convolving_epilogue(layer, pass);
    visml_conv2d_forward(&pass->compute, &g, pass->x[0], pass->params[0], pass->prepared, pass->y, &e, pass->scratch);
}

size_t visml_convolving_packed(const visml_compute *c, const visml_conv2d_geometry *g) {
    size_t bytes = visml_conv2d_packed_bytes(c, g);
    return visml_winograd_choice(g) ? bytes : visml_layer_packed(bytes); /* to transform the weights anew takes too long */
}

size_t visml_convolving_prepare_bytes(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    return visml_convolving_packed(&pass->compute, &g);
}

void visml_convolving_prepare(const visml_layer *layer, const visml_pass *pass, void *prepared) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    visml_conv2d_pack(&pass->compute, &g, pass->params[0], prepared);
}

int32_t visml_convolving_prepared_form(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    return visml_conv2d_packed_form(&g);
}

void visml_convolving_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_conv2d_geometry g = geometry_of(layer, pass);
    real *bias = layer->param_count > 1 ? pass->grads[1] : NULL;
    if (pass->grads[0])
        visml_conv2d_backward_weights(&pass->compute, &g, pass->x[0], pass->dy, pass->grads[0], bias, pass->scratch);
    else if (bias)
        visml_colsum(&pass->compute, places(&g), g.f, pass->dy, bias, pass->scratch);
    if (pass->dx[0])
        visml_conv2d_backward_data(&pass->compute, &g, pass->dy, pass->params[0], pass->dx[0], pass->scratch);
}

visml_status visml_convolving_filters(const visml_layer *layer, int32_t filters, int32_t groups, visml_error *err) {
    if (filters % groups == 0)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "%s: filters is %d, must be a multiple of groups, %d", layer->cls->name, filters, groups);
}

visml_status visml_convolving_multiply(const visml_shape *in, int32_t multiplier, int64_t *outputs, visml_error *err) {
    int64_t channels = in->dims[in->rank - 1];
    if (visml_i64_mul(channels, multiplier, outputs))
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "input %s has %lld channels, times depth_multiplier, %d, are more than can be counted",
                      visml_shape_format(in).s, (long long)channels, multiplier);
}

visml_status visml_convolving_kernel(visml_layer *layer, const char *name, const visml_shape *shape, visml_init init, visml_error *err) {
    int64_t field = 1, last = shape->rank - 1;
    VISML_TRY(visml_shape_check(name, shape, 1, err));
    for (int32_t i = 0; i < last - 1; i++)
        field *= shape->dims[i];
    return visml_layer_param(layer, name, shape, init, 1, field * shape->dims[last - 1], field * shape->dims[last], err);
}

visml_status visml_convolving_bias(visml_layer *layer, int32_t no_bias, int64_t channels, visml_init init, visml_error *err) {
    visml_shape shape = visml_shape_make(1, &channels);
    return no_bias ? VISML_OK : visml_layer_param(layer, "bias", &shape, init, 1, channels, channels, err);
}

/* ---- conv1d and conv2d ---- */

static int is_line(const visml_layer *layer) {
    return layer->cls == &visml_conv1d_class;
}

static visml_conv2d_opts options_of(const visml_layer *layer) {
    if (!is_line(layer))
        return *(const visml_conv2d_opts *)layer->opts;
    const visml_conv1d_opts *o = layer->opts;
    return (visml_conv2d_opts){.filters = o->filters, .kernel_size = {1, o->kernel_size}, .strides = {1, o->strides},
                               .dilation_rate = {1, o->dilation_rate}, .padding = o->padding, .groups = o->groups, .no_bias = o->no_bias,
                               .kernel_initializer = o->kernel_initializer, .bias_initializer = o->bias_initializer};
}

static visml_windows windows_of(const visml_layer *layer, const visml_conv2d_opts *o) {
    return (visml_windows){{o->kernel_size[0], o->strides[0], o->dilation_rate[0], 0, 0},
                           {o->kernel_size[1], o->strides[1], o->dilation_rate[1], 0, 0}, is_line(layer)};
}

visml_status visml_convolving_check(const visml_layer *layer, visml_error *err) {
    visml_conv2d_opts o = options_of(layer);
    return visml_convolving_filters(layer, o.filters, o.groups, err);
}

visml_status visml_convolving_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_conv2d_opts o = options_of(layer);
    visml_windows s = windows_of(layer, &o);
    (void)inputs;
    VISML_TRY(visml_windows_fit("kernel", in, o.padding, &s, err));
    VISML_TRY(visml_windows_groups(in, o.groups, err));
    *out = visml_windows_out(&s, o.filters);
    return VISML_OK;
}

visml_status visml_convolving_build(visml_layer *layer, const visml_shape *in, size_t inputs, visml_error *err) {
    visml_conv2d_opts o = options_of(layer);
    const int64_t dims[] = {o.kernel_size[0], o.kernel_size[1], in->dims[in->rank - 1] / o.groups, o.filters};
    visml_shape kernel = visml_shape_make(4 - is_line(layer), dims + is_line(layer));
    (void)inputs;
    VISML_TRY(visml_convolving_kernel(layer, "kernel", &kernel, o.kernel_initializer, err));
    return visml_convolving_bias(layer, o.no_bias, o.filters, o.bias_initializer, err);
}

int visml_convolving_geometry(const visml_layer *layer, const visml_pass *pass, visml_conv2d_geometry *g) {
    visml_conv2d_opts o = options_of(layer);
    visml_windows s = windows_of(layer, &o);
    visml_windows_fit("kernel", pass->in, o.padding, &s, NULL); /* fitted in infer, fits again */
    *g = visml_windows_conv(&s, pass->batch, pass->in, o.filters, o.groups);
    return 1;
}
