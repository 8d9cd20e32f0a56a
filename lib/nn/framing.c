#include "nn/framing.h"

#include "base/error.h"
#include "kernel/margins.h"

typedef struct frame {
    int32_t rank; /* of what the layer takes: 2 or 3 */
    int64_t top, bottom, left, right;
} frame;

/* Where nothing is said, each number is 1, as Keras has it, but for the cropping of images, which takes away nothing. */
static frame frame_of(const visml_layer *layer) {
    const visml_field *field = &layer->cls->fields[1];
    const int32_t *n = (const int32_t *)(const void *)((const char *)layer->opts + field->offset);
    int32_t any = 0, one = layer->cls != &visml_cropping2d_class;
    for (size_t i = 0; i < field->count; i++)
        any |= n[i];
    if (field->count == 2)
        return any ? (frame){2, 0, 0, n[0], n[1]} : (frame){2, 0, 0, one, one};
    return any ? (frame){3, n[0], n[1], n[2], n[3]} : (frame){3, one, one, one, one};
}

static visml_status check_rank(const frame *f, const visml_shape *in, visml_error *err) {
    if (in->rank == f->rank)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "input %s must have %s", visml_shape_format(in).s,
                      f->rank == 3 ? "three dimensions: height, width and channels" : "two dimensions: time steps and channels");
}

visml_status visml_frame_add_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    frame f = frame_of(layer);
    (void)inputs;
    VISML_TRY(check_rank(&f, in, err));
    visml_shape s = *in;
    s.dims[f.rank - 2] += f.left + f.right; /* far below the largest int64_t: visml_layer_infer checks the whole */
    if (f.rank == 3)
        s.dims[0] += f.top + f.bottom;
    *out = s;
    return VISML_OK;
}

visml_status visml_frame_remove_infer(const visml_layer *layer, const visml_shape *in, size_t inputs, visml_shape *out, visml_error *err) {
    frame f = frame_of(layer);
    (void)inputs;
    VISML_TRY(check_rank(&f, in, err));
    visml_shape s = *in;
    s.dims[f.rank - 2] -= f.left + f.right;
    if (f.rank == 3)
        s.dims[0] -= f.top + f.bottom;
    if (s.dims[0] < 1 || s.dims[f.rank - 2] < 1)
        return visml_fail(err, VISML_EINVAL, "nothing is left of input %s; cropping must take away less", visml_shape_format(in).s);
    *out = s;
    return VISML_OK;
}

/* Images `inner` of this batch within frames. */
static visml_margins margins_of(const visml_layer *layer, const visml_pass *pass, const visml_shape *inner) {
    frame f = frame_of(layer);
    const int64_t *d = inner->dims;
    int64_t h = f.rank == 3 ? d[0] : 1, w = d[f.rank - 2], c = d[f.rank - 1];
    return (visml_margins){pass->batch, h, w, c, f.top + h + f.bottom, f.left + w + f.right, f.top, f.left};
}

void visml_frame_add_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_margins g = margins_of(layer, pass, pass->in);
    visml_margins_add(&pass->compute, &g, pass->x[0], pass->y);
}

void visml_frame_add_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_margins g = margins_of(layer, pass, pass->in);
    if (pass->dx[0])
        visml_margins_remove(&pass->compute, &g, pass->dy, pass->dx[0]);
}

void visml_frame_remove_forward(const visml_layer *layer, const visml_pass *pass) {
    visml_margins g = margins_of(layer, pass, pass->out);
    visml_margins_remove(&pass->compute, &g, pass->x[0], pass->y);
}

void visml_frame_remove_backward(const visml_layer *layer, const visml_pass *pass) {
    visml_margins g = margins_of(layer, pass, pass->out);
    if (pass->dx[0])
        visml_margins_add(&pass->compute, &g, pass->dy, pass->dx[0]);
}
