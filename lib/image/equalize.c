/* Histogram equalization of a picture as a tensor. */
#include <string.h>

#include "base/error.h"
#include "image/adjust.h"
#include "image/image.h"
#include "tensor/tensor.h"

#define STEPS 256

/* By floats between. */
static visml_status equalize_bytes(const visml_tensor *image, visml_canvas *c, visml_tensor *to, visml_error *err) {
    visml_tensor *floats = visml_tensor_new(image->context, VISML_F32, &image->shape, err);
    if (!floats)
        return VISML_ENOMEM;
    c->pixels = (float *)(void *)floats->data;
    visml_canvas_load_u8(c, (const uint8_t *)image->data);
    visml_canvas_equalize(c, STEPS, (const double[]){0, 255});
    visml_canvas_store_u8(c, (uint8_t *)to->data);
    visml_tensor_release(floats);
    return VISML_OK;
}

static void equalize_floats(const visml_tensor *image, visml_canvas *c, visml_tensor *to) {
    c->pixels = (float *)(void *)to->data;
    memcpy(to->data, image->data, (size_t)image->count * sizeof(float));
    visml_canvas_equalize(c, STEPS, (const double[]){0, 1});
}

visml_tensor *visml_image_equalize(const visml_tensor *image, visml_error *err) {
    if (visml_image_check("equalize: image", image, err) < 0)
        return NULL;
    const int64_t *d = image->shape.dims;
    if (image->dtype == VISML_U16) {
        visml_fail(err, VISML_EINVAL, "equalize: image is uint16, must be uint8 or float32");
        return NULL;
    }
    visml_canvas c = {.context = image->context, .height = d[0], .width = d[1], .channels = d[2]};
    visml_tensor *to = visml_image_like(image, d[0], d[1], d[2], err);
    if (to && image->dtype == VISML_F32) {
        equalize_floats(image, &c, to);
    } else if (to && equalize_bytes(image, &c, to, err) < 0) {
        visml_tensor_release(to);
        return NULL;
    }
    return to;
}
