#include <math.h>

#include "base/error.h"
#include "feature/regions.h"

#define SCALES (sizeof((visml_window_opts *)0)->scales / sizeof(double))

static const visml_field fields[] = {
    VISML_FIELD(visml_window_opts, height, I32, VISML_FIELD_REQUIRED, 1, 1, 65535, 0),
    VISML_FIELD(visml_window_opts, width, I32, VISML_FIELD_REQUIRED, 1, 1, 65535, 0),
    VISML_FIELD(visml_window_opts, stride, I32, VISML_FIELD_SPREAD, 2, 0, 65535, 0),
    VISML_FIELD(visml_window_opts, padding, I32, 0, 2, 0, 65535, 0),
    VISML_FIELD(visml_window_opts, padding_value, F64, 0, 1, -1e30, 1e30, 0),
    VISML_FIELD(visml_window_opts, scales, F64, VISML_FIELD_LIST, 16, 0.1, 64, 0),
    VISML_FIELD_OF_RESERVED(visml_window_opts),
    {0},
};

static int32_t levels(const visml_regions *r) {
    const visml_window_opts *o = r->object.opts;
    int32_t n = 0;
    while (n < (int32_t)SCALES && o->scales[n] != 0)
        n++;
    return n ? n : 1;
}

static int64_t scaled(int64_t side, double scale) {
    return (int64_t)floor((double)side / scale + 0.5);
}

static void level(const visml_regions *r, int32_t i, int64_t height, int64_t width, visml_level *l) {
    const visml_window_opts *o = r->object.opts;
    double scale = o->scales[i] != 0 ? o->scales[i] : 1;
    *l = (visml_level){scaled(height, scale), scaled(width, scale), o->padding[0], o->padding[1], o->padding_value};
}

static int64_t stride_of(const visml_window_opts *o, int axis) {
    return o->stride[axis] ? o->stride[axis] : axis ? o->width : o->height;
}

/* Windows along one side. */
static int64_t along(const visml_window_opts *o, int axis, int64_t side) {
    int64_t window = axis ? o->width : o->height;
    return side < window ? 0 : (side - window) / stride_of(o, axis) + 1;
}

static visml_status count(const visml_regions *r, int64_t height, int64_t width, int64_t *n, visml_error *err) {
    const visml_window_opts *o = r->object.opts;
    (void)err;
    *n = along(o, 0, height) * along(o, 1, width); /* whether there is one in any copy is asked by those who have all copies */
    return VISML_OK;
}

static void box(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *b) {
    const visml_window_opts *o = r->object.opts;
    int64_t columns = along(o, 1, width);
    (void)height;
    *b = (visml_box){(int32_t)(k / columns * stride_of(o, 0)), (int32_t)(k % columns * stride_of(o, 1)), o->height, o->width};
}

const visml_regions_class visml_regions_window_class = {
    .kind = {.name = "window", .opts_size = sizeof(visml_window_opts), .fields = fields},
    .levels = levels,
    .level = level,
    .count = count,
    .box = box,
};

visml_regions *visml_regions_window(visml_context *ctx, const visml_window_opts *opts, visml_error *err) {
    return visml_regions_make(ctx, &visml_regions_window_class, opts, err);
}
