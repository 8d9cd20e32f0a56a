#include "feature/picture.h"

#include "kernel/samples.h"
#include "tensor/tensor.h"

int64_t visml_picture_channels(int32_t takes, int64_t channels) {
    return takes & VISML_TAKES_GRAY && (channels == 3 || channels == 4) ? 1 : channels;
}

/* ---- forms ---- */

/* v / 255, or back. */
static visml_tensor *other_type(const visml_tensor *t, const visml_compute *c, visml_error *err) {
    visml_tensor *y = visml_tensor_unset(t->context, t->dtype == VISML_U8 ? VISML_F32 : VISML_U8, &t->shape, err);
    float scale = 1.0f / 255, offset = 0;
    if (y && t->dtype == VISML_U8)
        visml_u8_to_nhwc(c, 1, t->count, 1, (const uint8_t *)t->data, &scale, &offset, (float *)(void *)y->data);
    else if (y)
        visml_f32_to_u8(c, (size_t)t->count, (const float *)(const void *)t->data, 255, 0, (uint8_t *)y->data);
    return y;
}

/* The image itself where it is in this form. Borrowed. */
static const visml_tensor *form(visml_picture *p, const visml_compute *c, int luma, int floats, visml_error *err) {
    const visml_tensor *from = p->image;
    visml_tensor **to = &p->forms[luma][floats];
    int turned = luma && from->shape.dims[2] > 1, converted = floats != (from->dtype == VISML_F32);
    if (*to || (!turned && !converted))
        return *to ? *to : from;
    if (turned && converted) { /* colour first, in the type that the image has */
        const visml_tensor *gray = form(p, c, 1, !floats, err);
        *to = gray ? other_type(gray, c, err) : NULL;
    } else if (turned) {
        *to = visml_image_convert(from, VISML_COLOR_GRAY, err);
    } else {
        *to = other_type(from, c, err);
    }
    return *to;
}

visml_status visml_picture_view(visml_picture *p, const visml_compute *c, int32_t takes, visml_view *v, visml_error *err) {
    int64_t channels = p->image->shape.dims[2];
    int is_float = p->image->dtype == VISML_F32, floats = takes & VISML_TAKES_FLOATS && (is_float || !(takes & VISML_TAKES_BYTES));
    const visml_tensor *t = form(p, c, visml_picture_channels(takes, channels) != channels, floats, err);
    if (!t)
        return VISML_ENOMEM;
    *v = (visml_view){t->shape.dims[0], t->shape.dims[1], t->shape.dims[2], t->shape.dims[1] * t->shape.dims[2], NULL, NULL};
    if (floats)
        v->floats = (const float *)(const void *)t->data;
    else
        v->bytes = (const uint8_t *)t->data;
    return VISML_OK;
}

void visml_picture_clear(visml_picture *p) {
    for (int i = 0; i < 4; i++) {
        visml_tensor_release(p->forms[i / 2][i % 2]);
        p->forms[i / 2][i % 2] = NULL;
    }
}

/* ---- copies ---- */

visml_tensor *visml_picture_level(const visml_tensor *image, const visml_level *level, visml_error *err) {
    int64_t h = image->shape.dims[0], w = image->shape.dims[1];
    double value = image->dtype == VISML_U8 ? level->value * 255 : level->value;
    visml_tensor *t = (visml_tensor *)(uintptr_t)image; /* only its count of references changes */
    t = level->height == h && level->width == w ? visml_tensor_retain(t)
                                                : visml_image_resize(image, level->height, level->width, VISML_FILTER_BILINEAR, err);
    if (!t || (!level->vertical && !level->horizontal))
        return t;
    visml_tensor *padded = visml_image_pad(t, level->vertical, level->vertical, level->horizontal, level->horizontal, value, err);
    visml_tensor_release(t);
    return padded;
}
