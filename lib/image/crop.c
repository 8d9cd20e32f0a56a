/* Cutting out and adding borders. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "image/image.h"
#include "tensor/tensor.h"

/* The rectangle of in [height, width] at (top, left) to the place (to_top, to_left) of out. */
static void copy_rectangle(const visml_tensor *in, int64_t top, int64_t left, int64_t height, int64_t width, visml_tensor *out,
                           int64_t to_top, int64_t to_left) {
    size_t pixel = (size_t)in->shape.dims[2] * visml_dtype_bytes(in->dtype);
    size_t from_row = (size_t)in->shape.dims[1] * pixel, to_row = (size_t)out->shape.dims[1] * pixel;
    const char *from = in->data + (size_t)top * from_row + (size_t)left * pixel;
    char *to = out->data + (size_t)to_top * to_row + (size_t)to_left * pixel;
    for (int64_t y = 0; y < height; y++, from += from_row, to += to_row)
        memcpy(to, from, (size_t)width * pixel);
}

visml_tensor *visml_image_crop(const visml_tensor *image, int64_t top, int64_t left, int64_t height, int64_t width, visml_error *err) {
    if (visml_image_check("crop: image", image, err) < 0)
        return NULL;
    const int64_t *d = image->shape.dims;
    if (top < 0 || left < 0 || height < 1 || width < 1 || top > d[0] - height || left > d[1] - width) {
        visml_fail(err, VISML_EINVAL, "crop: top %lld, left %lld, height %lld, width %lld do not lie inside the image %s", (long long)top,
                   (long long)left, (long long)height, (long long)width, visml_shape_format(&image->shape).s);
        return NULL;
    }
    visml_tensor *out = visml_image_like(image, height, width, d[2], err);
    if (out)
        copy_rectangle(image, top, left, height, width, out, 0, 0);
    return out;
}

/* `value` clamped to the range of the dtype, in every element. Integers are rounded to nearest. */
static void fill(visml_tensor *t, double value) {
    double most = t->dtype == VISML_U8 ? 255 : 65535, clamped = value > 0 ? (value < most ? value : most) : 0; /* NaN gives 0 */
    if (t->dtype == VISML_U8)
        memset(t->data, (int)nearbyint(clamped), (size_t)t->count);
    for (int64_t i = 0; t->dtype == VISML_U16 && i < t->count; i++)
        ((uint16_t *)t->data)[i] = (uint16_t)nearbyint(clamped);
    for (int64_t i = 0; t->dtype == VISML_F32 && i < t->count; i++)
        ((float *)t->data)[i] = (float)value;
}

visml_tensor *visml_image_pad(const visml_tensor *image, int64_t top, int64_t bottom, int64_t left, int64_t right, double value,
                              visml_error *err) {
    int64_t height, width;
    if (visml_image_check("pad: image", image, err) < 0)
        return NULL;
    const int64_t *d = image->shape.dims;
    if (top < 0 || bottom < 0 || left < 0 || right < 0 || !visml_i64_add(top, bottom, &height) || !visml_i64_add(height, d[0], &height) ||
        !visml_i64_add(left, right, &width) || !visml_i64_add(width, d[1], &width)) {
        visml_fail(err, VISML_EINVAL, "pad: top %lld, bottom %lld, left %lld, right %lld must be 0 or more, and their sums fit 64 bits",
                   (long long)top, (long long)bottom, (long long)left, (long long)right);
        return NULL;
    }
    visml_tensor *out = visml_image_like(image, height, width, d[2], err);
    if (!out)
        return NULL;
    fill(out, value);
    copy_rectangle(image, 0, 0, d[0], d[1], out, top, left);
    return out;
}
