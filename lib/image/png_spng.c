/* The samples of a PNG through libspng. It sees the chunks that it needs and no others: no text, profile or time reaches it. */
#include <spng.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"

/* What libspng reads: pieces of the file in order. */
typedef struct stream {
    const visml_source *s;
    size_t at;           /* where to look for the next IDAT chunk */
    const uint8_t *piece;
    size_t left;
    int step;            /* 0: signature and IHDR, 1: PLTE, 2: tRNS, 3: IDAT, 4: IEND, 5: the end */
    const visml_image_header *h;
} stream;

/* A whole chunk around its data, which start at `data` and have n bytes. */
static void set_chunk(stream *t, const uint8_t *data, size_t n) {
    t->piece = data - 8;
    t->left = n + 12;
}

static void next_piece(stream *t) {
    static const uint8_t end[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82};
    const uint8_t *data, *file = t->s->data;
    size_t n;
    switch (t->step) {
    case 0:
        t->piece = file;
        t->left = t->h->as.png.first_chunk;
        break;
    case 1:
        if (t->h->as.png.palette)
            set_chunk(t, file + t->h->as.png.palette, t->h->as.png.palette_count * 3);
        break;
    case 2:
        if (t->h->as.png.trns)
            set_chunk(t, file + t->h->as.png.trns, t->h->as.png.trns_count);
        break;
    case 3:
        if (visml_png_next_idat(t->s, &t->at, &data, &n)) {
            set_chunk(t, data, n);
            return;
        }
        break;
    default:
        t->piece = end;
        t->left = sizeof end;
    }
    t->step++;
}

static int read_stream(spng_ctx *ctx, void *user, void *to, size_t n) {
    stream *t = user;
    uint8_t *out = to;
    (void)ctx;
    while (n) {
        while (!t->left && t->step < 5)
            next_piece(t);
        if (!t->left)
            return SPNG_IO_EOF;
        size_t part = n < t->left ? n : t->left;
        memcpy(out, t->piece, part);
        out += part;
        n -= part;
        t->piece += part;
        t->left -= part;
    }
    return 0;
}

static int decode(spng_ctx *ctx, stream *t, uint8_t *samples, size_t bytes) {
    const visml_image_header *h = t->h;
    size_t size = 0;
    int status = spng_set_crc_action(ctx, SPNG_CRC_ERROR, SPNG_CRC_ERROR);
    if (!status)
        status = spng_set_image_limits(ctx, (uint32_t)h->width, (uint32_t)h->height);
    if (!status)
        status = spng_set_png_stream(ctx, read_stream, t);
    if (!status)
        status = spng_decoded_image_size(ctx, SPNG_FMT_RAW, &size);
    if (!status && size != bytes)
        status = SPNG_EBUFSIZ;
    return status ? status : spng_decode_image(ctx, samples, bytes, SPNG_FMT_RAW, 0);
}

visml_status visml_png_samples(const visml_source *s, const visml_image_header *h, uint8_t *samples, size_t bytes, visml_error *err) {
    stream t = {.s = s, .h = h, .at = h->as.png.first_chunk};
    spng_ctx *ctx = spng_ctx_new(0);
    if (!ctx)
        return visml_fail(err, VISML_ENOMEM, "PNG: out of memory for the decoder");
    int status = decode(ctx, &t, samples, bytes);
    spng_ctx_free(ctx);
    if (status == SPNG_EMEM)
        return visml_fail(err, VISML_ENOMEM, "PNG: out of memory in the decoder");
    if (status)
        return visml_fail(err, VISML_EFORMAT, "PNG, near byte %zu: the image data are damaged: %s", t.at, spng_strerror(status));
    return VISML_OK;
}
