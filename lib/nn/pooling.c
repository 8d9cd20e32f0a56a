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

static visml_windows windows_of(const visml_pool2d_opts *o) {
    int32_t down = o->strides[0] ? o->strides[0] : o->pool_size[0], right = o->strides[1] ? o->strides[1] : o->pool_size[1];
    return (visml_windows){{o->pool_size[0], down, 1, 0, 0}, {o->pool_size[1], right, 1, 0, 0}};
}

visml_status visml_pool_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    const visml_pool2d_opts *o = layer->opts;
    visml_windows s = windows_of(o);
    (void)inputs;
    VISML_TRY(visml_windows_fit("pool", in, o->padding, &s, err));
    *out = visml_shape_make(3, (int64_t[]){s.h.out, s.w.out, in->dims[2]});
    return VISML_OK;
}

visml_pool2d_geometry visml_pool_geometry(const visml_layer *layer, const visml_pass *pass) {
    const visml_pool2d_opts *o = layer->opts;
    const int64_t *in = pass->in[0].dims;
    visml_windows s = windows_of(o);
    visml_windows_fit("pool", pass->in, o->padding, &s, NULL); /* fitted in infer, fits again */
    return (visml_pool2d_geometry){.n = pass->batch, .h = in[0], .w = in[1], .c = in[2], .oh = s.h.out, .ow = s.w.out, .ph = s.h.size,
                                   .pw = s.w.size, .sh = s.h.stride, .sw = s.w.stride, .top = s.h.front, .left = s.w.front};
}
