#include "nn/framing.h"

#include "base/error.h"

visml_frame visml_frame_of(const int32_t *numbers, int32_t count, int32_t fallback) {
    int32_t given = 0;
    for (int32_t i = 0; i < count; i++)
        given |= numbers[i];
    if (!given && count == 2)
        return (visml_frame){0, 0, fallback, fallback};
    if (!given)
        return (visml_frame){fallback, fallback, fallback, fallback};
    if (count == 2)
        return (visml_frame){0, 0, numbers[0], numbers[1]};
    return (visml_frame){numbers[0], numbers[1], numbers[2], numbers[3]};
}

static visml_status check_rank(int32_t rank, const visml_shape *in, visml_error *err) {
    if (in->rank == rank)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "input %s must have %s", visml_shape_format(in).s,
                      rank == 3 ? "three dimensions: height, width and channels" : "two dimensions: time steps and channels");
}

visml_status visml_frame_add(const visml_frame *f, int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err) {
    VISML_TRY(check_rank(rank, in, err));
    visml_shape s = *in;
    s.dims[rank - 2] += f->left + f->right; /* far below the largest int64_t: visml_layer_infer checks the whole */
    if (rank == 3)
        s.dims[0] += f->top + f->bottom;
    *out = s;
    return VISML_OK;
}

visml_status visml_frame_remove(const visml_frame *f, int32_t rank, const visml_shape *in, visml_shape *out, visml_error *err) {
    VISML_TRY(check_rank(rank, in, err));
    visml_shape s = *in;
    s.dims[rank - 2] -= f->left + f->right;
    if (rank == 3)
        s.dims[0] -= f->top + f->bottom;
    if (s.dims[0] < 1 || s.dims[rank - 2] < 1)
        return visml_fail(err, VISML_EINVAL, "nothing is left of input %s; cropping must take away less", visml_shape_format(in).s);
    *out = s;
    return VISML_OK;
}

visml_margins visml_frame_margins(const visml_frame *f, int64_t batch, const visml_shape *inner) {
    const int64_t *d = inner->dims;
    int64_t h = inner->rank == 3 ? d[0] : 1, w = d[inner->rank - 2], c = d[inner->rank - 1];
    return (visml_margins){batch, h, w, c, f->top + h + f->bottom, f->left + w + f->right, f->top, f->left};
}
