#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/options.h"
#include "image/image.h"
#include "tensor/tensor.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_decode_opts, color, I32, 0, 1, 0, 4, VISML_COLOR_AS_IS),
    VISML_FIELD(visml_decode_opts, keep_16bit, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_decode_opts, ignore_orientation, FLAG, 0, 1, 0, 1, 0),
    {0},
};

static visml_status read_options(const visml_decode_opts *opts, visml_decode_opts *o, visml_error *err) {
    VISML_TRY(visml_options_read("decode", fields, opts, o, sizeof *o, err));
    if (o->color == 2)
        return visml_fail(err, VISML_EINVAL, "decode: color is 2, must be VISML_COLOR_AS_IS (0), _GRAY (1), _RGB (3) or _RGBA (4)");
    return VISML_OK;
}

static visml_status check_source(const visml_context *ctx, const void *bytes, size_t n, visml_error *err) {
    if (!ctx)
        return visml_fail(err, VISML_EINVAL, "image: ctx is NULL, must be a context");
    if (!bytes && n)
        return visml_fail(err, VISML_EINVAL, "image: bytes is NULL, must be the content of a file");
    if (n > ctx->max_file_bytes)
        return visml_fail(err, VISML_ELIMIT, "image: n is %zu bytes, the limit is %llu (max_file_bytes)", n,
                          (unsigned long long)ctx->max_file_bytes);
    return VISML_OK;
}

/* ---- probe ---- */

static visml_image_info describe(const visml_image_header *h) {
    int turned = h->orientation >= 5; /* width and height change places */
    visml_image_info info = {.format = h->format, .channels = h->channels, .bits = h->bits, .orientation = h->orientation};
    info.width = turned ? h->height : h->width;
    info.height = turned ? h->width : h->height;
    memcpy(info.camera, h->camera, sizeof info.camera);
    memcpy(info.taken, h->taken, sizeof info.taken);
    return info;
}

visml_status visml_image_probe(visml_context *ctx, const void *bytes, size_t n, visml_image_info *info, visml_error *err) {
    visml_source s = {ctx, bytes, n};
    const visml_image_ops *ops;
    visml_image_header h;
    VISML_TRY(check_source(ctx, bytes, n, err));
    if (!info || info->size < sizeof info->size)
        return visml_fail(err, VISML_EINVAL, "probe: info is %s",
                          info ? "without its size; set info.size to sizeof(visml_image_info)" : "NULL");
    VISML_TRY(visml_image_open(&s, 0, &ops, &h, err));
    visml_image_info full = describe(&h);
    full.size = info->size;
    size_t known = info->size < sizeof full ? info->size : sizeof full;
    memset((char *)info + known, 0, info->size - known);
    memcpy(info, &full, known);
    return VISML_OK;
}

/* ---- decode ---- */

/* The picture as stored, before colours and turning, and its orientation. */
static visml_tensor *decode_stored(const visml_source *s, int32_t *orientation, visml_error *err) {
    const visml_image_ops *ops;
    visml_image_header h;
    if (visml_image_open(s, 1, &ops, &h, err) < 0)
        return NULL;
    *orientation = h.orientation;
    visml_shape shape = visml_shape_make(3, (int64_t[]){h.height, h.width, h.channels});
    visml_dtype dtype = h.bits == 16 ? VISML_U16 : VISML_U8;
    visml_tensor *image = (ops->fills ? visml_tensor_unset : visml_tensor_new)(s->context, dtype, &shape, err);
    if (image && ops->decode(s, &h, image->data, err) < 0) {
        visml_tensor_release(image);
        return NULL;
    }
    return image;
}

visml_tensor *visml_image_decode(visml_context *ctx, const void *bytes, size_t n, const visml_decode_opts *opts, visml_error *err) {
    visml_source s = {ctx, bytes, n};
    visml_decode_opts o;
    int32_t orientation = 1;
    if (check_source(ctx, bytes, n, err) < 0 || read_options(opts, &o, err) < 0)
        return NULL;
    visml_tensor *image = decode_stored(&s, &orientation, err);
    if (image && !o.keep_16bit)
        image = visml_image_narrow(image, err);
    if (image && o.color != VISML_COLOR_AS_IS && image->shape.dims[2] != o.color) {
        visml_tensor *converted = visml_image_convert(image, o.color, err);
        visml_tensor_release(image);
        image = converted;
    }
    return image && !o.ignore_orientation ? visml_image_orient(image, orientation, err) : image;
}

visml_tensor *visml_image_read(visml_context *ctx, const char *path, const visml_decode_opts *opts, visml_error *err) {
    unsigned char *bytes = NULL;
    size_t n = 0;
    visml_decode_opts o;
    if (check_source(ctx, "", 1, err) < 0 || read_options(opts, &o, err) < 0)
        return NULL;
    if (!path) {
        visml_fail(err, VISML_EINVAL, "image: path is NULL, must name a file");
        return NULL;
    }
    if (visml_file_read(&ctx->memory, path, ctx->max_file_bytes, &bytes, &n, err) < 0)
        return NULL;
    visml_error inner;
    visml_tensor *image = visml_image_decode(ctx, bytes, n, opts, &inner);
    visml_mem_free(&ctx->memory, bytes);
    if (!image)
        visml_fail(err, inner.code, "%s: %s", path, inner.message);
    return image;
}
