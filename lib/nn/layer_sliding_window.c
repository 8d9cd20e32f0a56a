#include "base/checked.h"
#include "base/error.h"
#include "kernel/kernels.h"
#include "nn/layer.h"
#include "nn/window.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_sliding_window_opts, window, I32, VISML_FIELD_REQUIRED | VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0),
    VISML_FIELD(visml_sliding_window_opts, strides, I32, VISML_FIELD_SPREAD, 2, 1, INT32_MAX, 0), /* 0 stays: as the window */
    VISML_FIELD_OF_RESERVED(visml_sliding_window_opts),
    VISML_FIELD(visml_sliding_window_opts, name, NAME, 0, 1, 0, 0, 0),
    {0},
};

static visml_windows windows_of(const visml_layer *layer) {
    const visml_sliding_window_opts *o = layer->opts;
    int32_t down = o->strides[0] ? o->strides[0] : o->window[0], right = o->strides[1] ? o->strides[1] : o->window[1];
    return (visml_windows){{o->window[0], down, 1, 0, 0}, {o->window[1], right, 1, 0, 0}, 0};
}

static visml_status infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    visml_windows s = windows_of(layer);
    int64_t places, length;
    (void)inputs;
    VISML_TRY(visml_windows_fit("window", in, VISML_VALID, &s, err));
    if (!visml_i64_mul(s.h.out, s.w.out, &places) || !visml_i64_mul(s.h.size * s.w.size, in->dims[2], &length))
        return visml_fail(err, VISML_EINVAL, "the windows on %s are more than can be addressed", visml_shape_format(in).s);
    *out = visml_shape_make(2, (int64_t[]){places, length});
    return VISML_OK;
}

/* ---- passes: one job a sample, a row of a window at a time ---- */

typedef struct windows_job {
    const visml_pass *pass;
    visml_windows windows;
    int64_t line;   /* elements of a line of the map ... */
    int64_t across; /* ... and of a window */
} windows_job;

static windows_job job_of(const visml_layer *layer, const visml_pass *pass) {
    windows_job j = {.pass = pass, .windows = windows_of(layer)};
    visml_windows_fit("window", pass->in, VISML_VALID, &j.windows, NULL); /* fitted in infer, fits again */
    j.line = pass->in->dims[1] * pass->in->dims[2];
    j.across = j.windows.w.size * pass->in->dims[2];
    return j;
}

/* Where window (i, k) begins in a sample's map, and in its output. */
static int64_t in_map(const windows_job *j, int64_t i, int64_t k) {
    return i * j->windows.h.stride * j->line + k * j->windows.w.stride * j->pass->in->dims[2];
}

static int64_t in_output(const windows_job *j, int64_t i, int64_t k) {
    return (i * j->windows.w.out + k) * j->windows.h.size * j->across;
}

static void take_sample(void *arg, size_t sample, size_t worker) {
    const windows_job *j = arg;
    const real *x = j->pass->x[0] + (int64_t)sample * visml_shape_count(j->pass->in);
    real *y = j->pass->y + (int64_t)sample * visml_shape_count(j->pass->out);
    (void)worker;
    for (int64_t i = 0; i < j->windows.h.out; i++)
        for (int64_t k = 0; k < j->windows.w.out; k++)
            j->pass->compute.kernels->copy_rows(j->windows.h.size, j->across, x + in_map(j, i, k), j->line, y + in_output(j, i, k),
                                                j->across);
}

/* Where windows overlap, in their order. */
static void give_sample(void *arg, size_t sample, size_t worker) {
    const windows_job *j = arg;
    int64_t n = visml_shape_count(j->pass->in);
    real *dx = j->pass->dx[0] + (int64_t)sample * n;
    const real *dy = j->pass->dy + (int64_t)sample * visml_shape_count(j->pass->out);
    (void)worker;
    j->pass->compute.kernels->copy_rows(1, n, NULL, 0, dx, 0);
    for (int64_t i = 0; i < j->windows.h.out; i++)
        for (int64_t k = 0; k < j->windows.w.out; k++)
            j->pass->compute.kernels->add_rows(j->windows.h.size, j->across, dy + in_output(j, i, k), j->across, dx + in_map(j, i, k),
                                               j->line);
}

static void forward(const visml_layer *layer, const visml_pass *pass) {
    windows_job j = job_of(layer, pass);
    visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, take_sample, &j);
}

static void backward(const visml_layer *layer, const visml_pass *pass) {
    windows_job j = job_of(layer, pass);
    if (pass->dx[0])
        visml_parallel_run(pass->compute.parallel, (size_t)pass->batch, give_sample, &j);
}

const visml_layer_class visml_sliding_window_class = {
    .name = "sliding_window",
    .title = "SlidingWindow",
    .opts_size = sizeof(visml_sliding_window_opts),
    .fields = fields,
    .min_inputs = 1,
    .max_inputs = 1,
    .infer = infer,
    .forward = forward,
    .backward = backward,
};

visml_layer *visml_sliding_window(visml_context *ctx, const visml_sliding_window_opts *opts, visml_error *err) {
    return visml_layer_make(ctx, &visml_sliding_window_class, opts, err);
}
