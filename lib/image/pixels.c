/* Pictures as tensors: checks, colours, turning. */
#include <string.h>

#include "base/error.h"
#include "context/context.h"
#include "image/image.h"
#include "kernel/color.h"
#include "tensor/tensor.h"

visml_status visml_image_check(const char *what, const visml_tensor *image, visml_error *err) {
    VISML_TRY(visml_tensor_check(what, image, 0, err));
    const visml_shape *s = &image->shape;
    if (s->rank != 3 || s->dims[0] < 1 || s->dims[1] < 1 || s->dims[2] < 1 || s->dims[2] > 4)
        return visml_fail(err, VISML_EINVAL, "%s has shape %s, must be [height, width, channels] with 1 to 4 channels", what,
                          visml_shape_format(s).s);
    if (image->dtype != VISML_U8 && image->dtype != VISML_U16 && image->dtype != VISML_F32)
        return visml_fail(err, VISML_EINVAL, "%s is %s, must be uint8, uint16 or float32", what, visml_dtype_name(image->dtype));
    return VISML_OK;
}

visml_tensor *visml_image_like(const visml_tensor *image, int64_t height, int64_t width, int64_t channels, visml_error *err) {
    visml_shape shape = visml_shape_make(3, (int64_t[]){height, width, channels});
    return visml_tensor_unset(image->context, image->dtype, &shape, err);
}

/* ---- colours ---- */

/* Pillow's weights of red, green and blue: 0.299, 0.587, 0.114 times 2^16. */
static void gray_of_words(const uint16_t *in, int64_t from, uint16_t *out, int64_t pixels) {
    for (int64_t i = 0; i < pixels; i++, in += from)
        out[i] = (uint16_t)((19595ull * in[0] + 38470ull * in[1] + 7471ull * in[2] + 32768u) >> 16);
}

static void gray_of_floats(const float *in, int64_t from, float *out, int64_t pixels) {
    for (int64_t i = 0; i < pixels; i++, in += from)
        out[i] = (float)((19595.0 * (double)in[0] + 38470.0 * (double)in[1] + 7471.0 * (double)in[2]) / 65536.0);
}

static void make_gray(const visml_tensor *image, visml_tensor *out) {
    int64_t from = image->shape.dims[2];
    visml_compute c = visml_context_compute(image->context);
    if (image->dtype == VISML_U8)
        visml_rgb_to_gray(&c, (size_t)out->count, from, (const uint8_t *)image->data, (uint8_t *)out->data);
    else if (image->dtype == VISML_U16)
        gray_of_words((const uint16_t *)image->data, from, (uint16_t *)out->data, out->count);
    else
        gray_of_floats((const float *)image->data, from, (float *)out->data, out->count);
}

/* All others: one channel stands for all of them or is kept. */
#define DEFINE_CONVERT(name, type, opaque)                                                           \
    static void name(const type *in, int64_t from, type *out, int64_t to, int64_t pixels) {          \
        for (int64_t i = 0; i < pixels; i++, in += from, out += to) {                                \
            out[0] = in[0];                                                                          \
            if (to == 1)                                                                             \
                continue;                                                                            \
            out[1] = in[from < 3 ? 0 : 1];                                                           \
            out[2] = in[from < 3 ? 0 : 2];                                                           \
            if (to == 4)                                                                             \
                out[3] = from == 2 || from == 4 ? in[from - 1] : (type)(opaque);                     \
        }                                                                                            \
    }

DEFINE_CONVERT(convert_u8, uint8_t, 255)
DEFINE_CONVERT(convert_u16, uint16_t, 65535)
DEFINE_CONVERT(convert_f32, float, 1)

visml_tensor *visml_image_convert(const visml_tensor *image, visml_color color, visml_error *err) {
    if (visml_image_check("convert: image", image, err) < 0)
        return NULL;
    const int64_t *d = image->shape.dims;
    int64_t to = color == VISML_COLOR_AS_IS ? d[2] : color, pixels = d[0] * d[1];
    if (color != VISML_COLOR_AS_IS && color != VISML_COLOR_GRAY && color != VISML_COLOR_RGB && color != VISML_COLOR_RGBA) {
        visml_fail(err, VISML_EINVAL, "convert: color is %d, must be VISML_COLOR_AS_IS (0), _GRAY (1), _RGB (3) or _RGBA (4)", color);
        return NULL;
    }
    visml_tensor *out = visml_image_like(image, d[0], d[1], to, err);
    if (!out)
        return NULL;
    if (to == d[2])
        memcpy(out->data, image->data, (size_t)image->count * visml_dtype_bytes(image->dtype));
    else if (to == 1 && d[2] >= 3)
        make_gray(image, out);
    else if (image->dtype == VISML_U8)
        convert_u8((const uint8_t *)image->data, d[2], (uint8_t *)out->data, to, pixels);
    else if (image->dtype == VISML_U16)
        convert_u16((const uint16_t *)image->data, d[2], (uint16_t *)out->data, to, pixels);
    else
        convert_f32((const float *)image->data, d[2], (float *)out->data, to, pixels);
    return out;
}

visml_tensor *visml_image_narrow(visml_tensor *image, visml_error *err) {
    if (image->dtype != VISML_U16)
        return image;
    visml_tensor *out = visml_tensor_unset(image->context, VISML_U8, &image->shape, err);
    const uint16_t *from = (const uint16_t *)image->data;
    for (int64_t i = 0; out && i < image->count; i++)
        ((uint8_t *)out->data)[i] = (uint8_t)(from[i] >> 8);
    visml_tensor_release(image);
    return out;
}

/* ---- turning ---- */

/* Where in the stored picture the upright one takes its first pixel, and how far it goes for the next column and row, in pixels. EXIF says
 * for each orientation which side of the scene row 0 and column 0 of the stored picture show. */
typedef struct turn {
    int64_t first, column, row;
} turn;

static turn find_turn(int32_t orientation, int64_t height, int64_t width) {
    int64_t right = width - 1, bottom = (height - 1) * width;
    switch (orientation) {
    case 2: return (turn){right, -1, width};           /* mirrored */
    case 3: return (turn){bottom + right, -1, -width}; /* turned by 180 degrees */
    case 4: return (turn){bottom, 1, -width};          /* upside down, mirrored */
    case 5: return (turn){0, width, 1};                /* transposed */
    case 6: return (turn){bottom, -width, 1};          /* needs a quarter turn to the right */
    case 7: return (turn){bottom + right, -width, -1};
    default: return (turn){right, width, -1};          /* 8: needs a quarter turn to the left */
    }
}

visml_tensor *visml_image_orient(visml_tensor *image, int32_t orientation, visml_error *err) {
    if (orientation <= 1)
        return image;
    const int64_t *d = image->shape.dims;
    int64_t height = orientation >= 5 ? d[1] : d[0], width = orientation >= 5 ? d[0] : d[1];
    size_t pixel = (size_t)d[2] * visml_dtype_bytes(image->dtype);
    turn t = find_turn(orientation, d[0], d[1]);
    visml_tensor *out = visml_image_like(image, height, width, d[2], err);
    char *to = out ? out->data : NULL;
    for (int64_t y = 0; out && y < height; y++)
        for (int64_t x = 0; x < width; x++, to += pixel)
            memcpy(to, image->data + (size_t)(t.first + x * t.column + y * t.row) * pixel, pixel);
    visml_tensor_release(image);
    return out;
}
