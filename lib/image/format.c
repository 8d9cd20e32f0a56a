#include <stddef.h>

#include "base/error.h"
#include "image/image.h"

/* In the order in which they are tried, which is that of the VISML_FORMAT_* from 1 on: TGA, the last, has no magic number. */
static const visml_image_ops *const formats[] = {&visml_jpeg_ops, &visml_png_ops, &visml_bmp_ops,
                                                 &visml_gif_ops,  &visml_pnm_ops, &visml_tga_ops};

visml_image_format visml_image_format_of(const void *bytes, size_t n) {
    for (size_t i = 0; bytes && n > 0 && i < sizeof formats / sizeof *formats; i++)
        if (formats[i]->match(bytes, n))
            return (visml_image_format)i + 1;
    return VISML_FORMAT_UNKNOWN;
}

const visml_image_ops *visml_image_recognise(const uint8_t *data, size_t n) {
    visml_image_format format = visml_image_format_of(data, n);
    return format == VISML_FORMAT_UNKNOWN ? NULL : formats[format - 1];
}

/* Dimensions and memory. Twice the picture, because turning or converting it makes a second one. */
static visml_status check_limits(const visml_context *ctx, const char *name, const visml_image_header *h, visml_error *err) {
    int64_t pixels = h->width * h->height; /* both are below 2^31 */
    if (pixels > ctx->max_pixels)
        return visml_fail(err, VISML_ELIMIT, "%s: %lld x %lld pixels, the limit is %lld (max_pixels)", name, (long long)h->width,
                          (long long)h->height, (long long)ctx->max_pixels);
    uint64_t bytes = (uint64_t)pixels * (uint64_t)(h->channels * (h->bits / 8)) * 2 + h->scratch;
    if (bytes > ctx->max_decode_bytes)
        return visml_fail(err, VISML_ELIMIT, "%s: %lld x %lld pixels take %llu bytes to decode, the limit is %llu (max_decode_bytes)", name,
                          (long long)h->width, (long long)h->height, (unsigned long long)bytes, (unsigned long long)ctx->max_decode_bytes);
    return VISML_OK;
}

visml_status visml_image_open(const visml_source *s, int whole, const visml_image_ops **ops, visml_image_header *h, visml_error *err) {
    if (s->n == 0)
        return visml_fail(err, VISML_EFORMAT, "image: the file is empty");
    const visml_image_ops *found = visml_image_recognise(s->data, s->n);
    if (!found)
        return visml_fail(err, VISML_EFORMAT, "image: byte 0: not a JPEG, PNG, BMP, GIF, PNM or TGA file");
    *h = (visml_image_header){.orientation = 1};
    VISML_TRY(found->probe(s, whole, h, err));
    VISML_TRY(check_limits(s->context, found->name, h, err));
    *ops = found;
    return VISML_OK;
}
