#include "plot/thumbnail.h"

#include "base/error.h"
#include "image/image.h"

static visml_tensor *to_bytes(const visml_tensor *image, visml_error *err) {
    visml_tensor *t = visml_tensor_new(image->context, VISML_U8, &image->shape, err);
    const float *v = (const float *)(const void *)image->data;
    for (int64_t i = 0; t && i < t->count; i++)
        t->data[i] = (char)(v[i] >= 1 ? 255 : v[i] > 0 ? (int)(v[i] * 255 + 0.5f) : 0); /* NaN: 0 */
    return t;
}

visml_tensor *visml_thumbnail_rgb(const char *what, const visml_tensor *image, visml_error *err) {
    if (visml_image_check(what, image, err) < 0)
        return NULL;
    if (image->dtype == VISML_U16) {
        visml_fail(err, VISML_EINVAL, "%s is uint16, must be uint8 or float32", what);
        return NULL;
    }
    if (image->dtype == VISML_U8)
        return visml_image_convert(image, VISML_COLOR_RGB, err);
    visml_tensor *bytes = to_bytes(image, err), *rgb = bytes ? visml_image_convert(bytes, VISML_COLOR_RGB, err) : NULL;
    visml_tensor_release(bytes);
    return rgb;
}

static int64_t shorter(int64_t length, int64_t side, int64_t longest) {
    int64_t scaled = (length * side + longest / 2) / longest;
    return scaled < 1 ? 1 : scaled;
}

visml_tensor *visml_thumbnail(const char *what, const visml_tensor *image, int64_t side, visml_error *err) {
    visml_tensor *rgb = visml_thumbnail_rgb(what, image, err);
    if (!rgb)
        return NULL;
    int64_t h = rgb->shape.dims[0], w = rgb->shape.dims[1], longest = h > w ? h : w;
    visml_filter filter = longest > side ? VISML_FILTER_AREA : VISML_FILTER_NEAREST;
    visml_tensor *small = visml_image_resize(rgb, shorter(h, side, longest), shorter(w, side, longest), filter, err);
    visml_tensor_release(rgb);
    return small;
}
