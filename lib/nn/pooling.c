#include "nn/pooling.h"

#include "base/error.h"
#include "kernel/kernels.h"
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

/* 1: the mean is of the steps that count. */
static int is_masked(const visml_layer *layer, const visml_pass *pass) {
    return is_line(layer) && pass->masked && pass->mask_dims == 1;
}

typedef struct masked_job {
    const visml_pass *pass;
    extent e;
} masked_job;

static int64_t counted(const uint8_t *mask, int64_t n) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += mask[i];
    return count;
}

/* As Keras: without a step that counts it is 0 / 0, NaN. */
static void mean_of_sample(void *arg, size_t sample, size_t worker) {
    const masked_job *j = arg;
    const visml_kernels *k = j->pass->compute.kernels;
    int64_t n = j->e.channels, i = (int64_t)sample, steps = j->e.places;
    const real *x = j->pass->x[0] + i * steps * n;
    const uint8_t *mask = j->pass->mask + i * steps;
    real *y = j->pass->y + i * n, count = (real)counted(mask, steps);
    (void)worker;
    k->copy_rows(1, n, NULL, 0, y, 0);
    for (int64_t s = 0; s < steps; s++)
        if (mask[s])
            k->add_rows(1, n, x + s * n, 0, y, 0);
    for (int64_t c = 0; c < n; c++)
        y[c] /= count;
}

static void gradient_of_sample(void *arg, size_t sample, size_t worker) {
    const masked_job *j = arg;
    int64_t n = j->e.channels, i = (int64_t)sample, steps = j->e.places;
    const uint8_t *mask = j->pass->mask + i * steps;
    const real *dy = j->pass->dy + i * n;
    real *dx = j->pass->dx[0] + i * steps * n, count = (real)counted(mask, steps);
    (void)worker;
    for (int64_t s = 0; s < steps; s++)
        for (int64_t c = 0; c < n; c++)
            dx[s * n + c] = mask[s] ? dy[c] / count : 0;
}

void visml_global_mean_forward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    if (is_masked(layer, pass)) {
        visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, mean_of_sample, &(masked_job){pass, e});
        return;
    }
    visml_rowmean_forward(&pass->compute, pass->batch, e.places, e.channels, pass->x[0], pass->y);
}

void visml_global_mean_backward(const visml_layer *layer, const visml_pass *pass) {
    extent e = extent_of(pass);
    if (pass->dx[0] && is_masked(layer, pass))
        visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, gradient_of_sample, &(masked_job){pass, e});
    else if (pass->dx[0])
        visml_rowmean_backward(&pass->compute, pass->batch, e.places, e.channels, pass->dy, pass->dx[0]);
}
