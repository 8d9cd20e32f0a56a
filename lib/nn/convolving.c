#include "nn/convolving.h"

#include "base/checked.h"
#include "base/error.h"
#include "kernel/norm.h"
#include "kernel/winograd.h"

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
