#include "nn/pooling.h"

#include "base/error.h"
#include "nn/window.h"

const visml_field visml_pool_fields[] = {
    VISML_FIELD(visml_pool2d_opts, pool_size, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 2),
    VISML_FIELD(visml_pool2d_opts, strides, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0), /* 0 stays: as pool_size */
    VISML_FIELD_OF_ENUM(visml_pool2d_opts, padding, VISML_VALID, visml_padding_names),
    VISML_FIELD(visml_pool2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

const visml_field visml_pool1d_fields[] = {
    VISML_FIELD(visml_pool1d_opts, pool_size, I32, 0, 1, 1, INT32_MAX, 2),
    VISML_FIELD(visml_pool1d_opts, strides, I32, 0, 1, 1, INT32_MAX, 0), /* 0 stays: as pool_size */
    VISML_FIELD_OF_ENUM(visml_pool1d_opts, padding, VISML_VALID, visml_padding_names),
    VISML_FIELD(visml_pool1d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_windows windows_of_line(const visml_pool1d_opts *o) {
    return (visml_windows){VISML_WINDOW_FLAT, {o->pool_size, o->strides ? o->strides : o->pool_size, 1, 0, 0}, 1};
}

static visml_windows windows_of(const visml_layer *layer, visml_padding *padding) {
    const visml_pool2d_opts *o = layer->opts;
    if (layer->cls->fields == visml_pool1d_fields) {
        *padding = ((const visml_pool1d_opts *)layer->opts)->padding;
        return windows_of_line(layer->opts);
    }
    int32_t down = o->strides[0] ? o->strides[0] : o->pool_size[0], right = o->strides[1] ? o->strides[1] : o->pool_size[1];
    *padding = o->padding;
    return (visml_windows){{o->pool_size[0], down, 1, 0, 0}, {o->pool_size[1], right, 1, 0, 0}, 0};
}

visml_status visml_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_padding padding;
    visml_windows s = windows_of(layer, &padding);
    (void)inputs;
    VISML_TRY(visml_windows_fit("pool", in, padding, &s, err));
    *out = visml_windows_out(&s, in->dims[in->rank - 1]);
    return VISML_OK;
}

visml_pool2d_geometry visml_pool_geometry(const visml_layer *layer, const visml_pass *pass) {
    const visml_shape *in = pass->in;
    visml_padding padding;
    visml_windows s = windows_of(layer, &padding);
    visml_windows_fit("pool", in, padding, &s, NULL); /* fitted in infer, fits again */
    return (visml_pool2d_geometry){.n = pass->batch, .h = s.line ? 1 : in->dims[0], .w = in->dims[in->rank - 2],
                                   .c = in->dims[in->rank - 1], .oh = s.h.out, .ow = s.w.out, .ph = s.h.size, .pw = s.w.size,
                                   .sh = s.h.stride, .sw = s.w.stride, .top = s.h.front, .left = s.w.front};
}

void visml_pool_max_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    visml_maxpool2d_forward(&pass->compute, &g, pass->x[0], pass->y);
}

void visml_pool_max_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    if (pass->dx[0])
        visml_maxpool2d_backward(&pass->compute, &g, pass->x[0], pass->y, pass->dy, pass->dx[0]);
}

void visml_pool_mean_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    visml_avgpool2d_forward(&pass->compute, &g, pass->x[0], pass->y);
}

void visml_pool_mean_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_pool2d_geometry g = visml_pool_geometry(layer, pass);
    if (pass->dx[0])
        visml_avgpool2d_backward(&pass->compute, &g, pass->dy, pass->dx[0]);
}

/* ---- global ---- */

const visml_field visml_global_pool_fields[] = {
    VISML_FIELD(visml_global_pool2d_opts, keepdims, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_global_pool2d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

const visml_field visml_global_pool1d_fields[] = {
    VISML_FIELD(visml_global_pool1d_opts, keepdims, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_global_pool1d_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static int is_line(const visml_layer *layer) {
    return layer->cls->fields == visml_global_pool1d_fields;
}

static int keeps_dims(const visml_layer *layer) {
    const visml_global_pool1d_opts *line = layer->opts;
    const visml_global_pool2d_opts *o = layer->opts;
    return is_line(layer) ? line->keepdims : o->keepdims;
}

visml_status visml_global_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    int line = is_line(layer);
    int64_t channels = in->dims[in->rank - 1];
    (void)inputs;
    if (in->rank != (line ? 2 : 3))
        return visml_fail(err, VISML_EINVAL, "input %s must be %s", visml_shape_format(in).s,
                          line ? "[steps, channels]" : "[height, width, channels]");
    *out = visml_shape_make(1, &channels);
    if (keeps_dims(layer))
        *out = line ? visml_shape_make(2, (int64_t[]){1, channels}) : visml_shape_make(3, (int64_t[]){1, 1, channels});
    return VISML_OK;
}

/* What is pooled: places of so many channels. */
typedef struct extent {
    int64_t places, channels;
} extent;

static extent extent_of(const visml_pass *pass) {
    int64_t channels = pass->in->dims[pass->in->rank - 1];
    return (extent){visml_shape_count(pass->in) / channels, channels};
}

void visml_global_max_forward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    (void)layer;
    visml_rowmax_forward(&pass->compute, pass->batch, e.places, e.channels, pass->x[0], pass->y);
}

void visml_global_max_backward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    (void)layer;
    if (pass->dx[0])
        visml_rowmax_backward(&pass->compute, pass->batch, e.places, e.channels, pass->x[0], pass->y, pass->dy, pass->dx[0]);
}

void visml_global_mean_forward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    (void)layer;
    visml_rowmean_forward(&pass->compute, pass->batch, e.places, e.channels, pass->x[0], pass->y);
}

void visml_global_mean_backward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    (void)layer;
    if (pass->dx[0])
        visml_rowmean_backward(&pass->compute, pass->batch, e.places, e.channels, pass->dy, pass->dx[0]);
}
