/* Pictures of another aspect ratio. */
#include "base/error.h"
#include "image/image.h"
#include "image/resize.h"
#include "tensor/tensor.h"

/* side * a / b, rounded to nearest, 1 ... most. The factors are below 2^31. */
static int64_t scaled(int64_t side, int64_t a, int64_t b, int64_t most) {
    int64_t r = (side * a + b / 2) / b;
    return r < 1 ? 1 : r > most ? most : r;
}

/* The largest rectangle of the wanted aspect ratio in the middle, brought to size. */
static visml_tensor *cover(const visml_tensor *image, int64_t height, int64_t width, visml_filter filter, visml_error *err) {
    const int64_t *d = image->shape.dims;
    int64_t rows = scaled(d[1], height, width, d[0]), columns = scaled(d[0], width, height, d[1]);
    visml_tensor *middle = visml_image_crop(image, (d[0] - rows) / 2, (d[1] - columns) / 2, rows, columns, err);
    visml_tensor *out = middle ? visml_image_resize(middle, height, width, filter, err) : NULL;
    visml_tensor_release(middle);
    return out;
}

static visml_tensor *inside(const visml_tensor *image, int64_t height, int64_t width, visml_filter filter, visml_error *err) {
    const int64_t *d = image->shape.dims;
    int64_t rows = scaled(d[0], width, d[1], height), columns = scaled(d[1], height, d[0], width);
    visml_tensor *small = visml_image_resize(image, rows, columns, filter, err);
    int64_t top = (height - rows) / 2, left = (width - columns) / 2;
    visml_tensor *out = small ? visml_image_pad(small, top, height - rows - top, left, width - columns - left, 0.0, err) : NULL;
    visml_tensor_release(small);
    return out;
}

visml_tensor *visml_image_fit(const visml_tensor *image, int64_t height, int64_t width, visml_fit_mode mode, visml_filter filter,
                              visml_error *err) {
    if (visml_image_check("fit: image", image, err) < 0 || visml_resize_check("fit", height, width, filter, err) < 0)
        return NULL;
    if (image->shape.dims[0] > INT32_MAX || image->shape.dims[1] > INT32_MAX) {
        visml_fail(err, VISML_EINVAL, "fit: image has shape %s, a side can have %d pixels at most", visml_shape_format(&image->shape).s,
                   INT32_MAX);
        return NULL;
    }
    switch (mode) {
    case VISML_FIT_STRETCH: return visml_image_resize(image, height, width, filter, err);
    case VISML_FIT_CROP: return cover(image, height, width, filter, err);
    case VISML_FIT_PAD: return inside(image, height, width, filter, err);
    default:
        visml_fail(err, VISML_EINVAL, "fit: mode is %d, must be VISML_FIT_STRETCH (0), _CROP (1) or _PAD (2)", mode);
        return NULL;
    }
}
