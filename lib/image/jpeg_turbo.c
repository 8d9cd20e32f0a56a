/* JPEG through libjpeg-turbo. The pre-pass in jpeg.c has gone before. */
#include <stdio.h>
#include <string.h>
#include <turbojpeg.h>

#include "base/error.h"
#include "image/image.h"

/* a * b / 255, rounded; exact for bytes. */
static int scaled(int a, int b) {
    int t = a * b + 128;
    return (t + (t >> 8)) >> 8;
}

/* Adobe stores inks inverted, and Pillow takes every CMYK file for one of Adobe's; so do we. rgb may not overlap cmyk. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; c++) {
            int value = cmyk[3] - scaled(255 - cmyk[c], cmyk[3]);
            rgb[c] = (uint8_t)(value < 0 ? 0 : value);
        }
}

/* A decoder that goes on after damage tells it by a warning. One warning is harmless: bytes between the last scan and the end marker, which
 * some cameras write. Being the first (libjpeg keeps that one's text), nothing was wrong before it, and nothing comes after the end. */
static int harmless(tjhandle handle) {
    const char *text = tjGetErrorStr2(handle);
    return tjGetErrorCode(handle) == TJERR_WARNING && strstr(text, "extraneous bytes before marker 0xd9");
}

/* The file without what the decoder does not need. */
typedef struct input {
    const visml_source *s;
    const visml_image_header *h;
    tjhandle handle;
    const uint8_t *data;
    size_t n;
} input;

static visml_status decompress(const input *in, int format, uint8_t *pixels, visml_error *err) {
    if (tjDecompress2(in->handle, in->data, (unsigned long)in->n, pixels, (int)in->h->width, 0, (int)in->h->height, format, 0) == 0 ||
        harmless(in->handle))
        return VISML_OK;
    return visml_fail(err, VISML_EFORMAT, "JPEG: damaged: %s", tjGetErrorStr2(in->handle));
}

static visml_status decode_cmyk(const input *in, uint8_t *pixels, visml_error *err) {
    size_t count = (size_t)(in->h->width * in->h->height); /* within max_pixels */
    uint8_t *cmyk = visml_mem_zalloc(&in->s->context->memory, count, 4, err);
    if (!cmyk)
        return VISML_ENOMEM;
    visml_status status = decompress(in, TJPF_CMYK, cmyk, err);
    if (status == VISML_OK)
        cmyk_to_rgb(cmyk, pixels, count);
    visml_mem_free(&in->s->context->memory, cmyk);
    return status;
}

static visml_status decode(const input *in, uint8_t *pixels, visml_error *err) {
    if (!in->handle)
        return visml_fail(err, VISML_ENOMEM, "JPEG: out of memory for the decoder");
    int components = in->h->as.jpeg.components;
    return components == 4 ? decode_cmyk(in, pixels, err) : decompress(in, components == 1 ? TJPF_GRAY : TJPF_RGB, pixels, err);
}

visml_status visml_jpeg_decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    uint8_t *clean = visml_mem_alloc(&s->context->memory, s->n, err);
    if (!clean)
        return VISML_ENOMEM;
    input in = {s, h, tjInitDecompress(), clean, visml_jpeg_clean(s, h, clean)};
    visml_status status = decode(&in, pixels, err);
    tjDestroy(in.handle);
    visml_mem_free(&s->context->memory, clean);
    return status;
}
