/* Truevision TGA: palette, colour and gray, plain and with run lengths. */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

enum { MAPPED = 1, COLOR = 2, GRAY = 3, RUN_LENGTHS = 8 };
#define HEADER 18 /* bytes */

/* There is no magic number: all fields must make sense together. */
static int match(const uint8_t *p, size_t n) {
    if (n < HEADER || p[1] > 1 || (p[2] & ~RUN_LENGTHS) < MAPPED || (p[2] & ~RUN_LENGTHS) > GRAY || p[17] & 0xc0)
        return 0;
    int kind = p[2] & 3, depth = p[16];
    if (p[1] && p[7] != 15 && p[7] != 16 && p[7] != 24 && p[7] != 32)
        return 0;
    if (!visml_le16(p + 12) || !visml_le16(p + 14))
        return 0;
    return kind == MAPPED ? depth == 8
           : kind == GRAY ? depth == 8 || depth == 16
                          : depth == 15 || depth == 16 || depth == 24 || depth == 32;
}

static int32_t channels_of(int depth) {
    return depth == 32 ? 4 : 3;
}

/* Pixels as they lie in the file, in bytes. */
static size_t step(const visml_image_header *h) {
    return (size_t)(h->as.tga.depth + 7) / 8;
}

/* Run lengths make at most 128 pixels of a byte and a pixel. */
static visml_status check_pixels(const visml_source *s, const visml_image_header *h, visml_error *err) {
    uint64_t pixels = (uint64_t)(h->width * h->height), bytes = pixels * step(h);
    if (h->as.tga.type & RUN_LENGTHS)
        bytes = (pixels + 127) / 128 * (1 + step(h));
    if (h->as.tga.pixels > s->n || bytes > s->n - h->as.tga.pixels)
        return visml_fail(err, VISML_EFORMAT, "TGA, byte %zu: truncated: the pixels take at least %llu bytes, the file ends at %zu",
                          h->as.tga.pixels, (unsigned long long)bytes, s->n);
    return VISML_OK;
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    const uint8_t *p = s->data;
    h->format = VISML_FORMAT_TGA;
    h->width = visml_le16(p + 12);
    h->height = visml_le16(p + 14);
    h->bits = 8;
    h->as.tga.type = p[2];
    h->as.tga.depth = p[16];
    h->as.tga.right_to_left = p[17] & 0x10;
    h->as.tga.top_down = p[17] & 0x20;
    h->as.tga.map = HEADER + (size_t)p[0];
    h->as.tga.map_depth = p[7];
    h->as.tga.map_first = visml_le16(p + 3);
    h->as.tga.map_count = p[1] ? visml_le16(p + 5) : 0;
    h->as.tga.pixels = h->as.tga.map + h->as.tga.map_count * ((p[7] + 7u) / 8);
    int kind = p[2] & 3;
    if (kind == GRAY || (kind == MAPPED && !p[1]))
        h->channels = p[16] / 8;
    else
        h->channels = channels_of(kind == MAPPED ? p[7] : p[16]);
    return whole ? check_pixels(s, h, err) : VISML_OK;
}

/* ---- pixels ---- */

/* Blue, green, red and alpha, or five bits each. */
static void color(const uint8_t *p, int depth, uint8_t *out) {
    if (depth <= 16) {
        uint32_t v = visml_le16(p);
        out[0] = (uint8_t)((v >> 10 & 31) * 255 / 31);
        out[1] = (uint8_t)((v >> 5 & 31) * 255 / 31);
        out[2] = (uint8_t)((v & 31) * 255 / 31);
        return;
    }
    out[0] = p[2];
    out[1] = p[1];
    out[2] = p[0];
    if (depth == 32)
        out[3] = p[3];
}

/* One pixel of the file. 0: an index outside of the palette. */
static int pixel(const visml_source *s, const visml_image_header *h, const uint8_t *p, uint8_t *out) {
    int kind = h->as.tga.type & 3;
    if (kind == MAPPED && h->as.tga.map_count) {
        size_t index = p[0];
        if (index < h->as.tga.map_first || index - h->as.tga.map_first >= h->as.tga.map_count)
            return 0;
        size_t entry = (size_t)(h->as.tga.map_depth + 7) / 8;
        color(s->data + h->as.tga.map + (index - h->as.tga.map_first) * entry, h->as.tga.map_depth, out);
    } else if (kind == COLOR) {
        color(p, h->as.tga.depth, out);
    } else {
        memcpy(out, p, (size_t)h->channels);
    }
    return 1;
}

/* Where pixel i of the file belongs. */
static uint8_t *place(const visml_image_header *h, uint8_t *pixels, int64_t i) {
    int64_t y = i / h->width, x = i % h->width;
    if (!h->as.tga.top_down)
        y = h->height - 1 - y;
    if (h->as.tga.right_to_left)
        x = h->width - 1 - x;
    return pixels + (y * h->width + x) * h->channels;
}

static visml_status decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    const uint8_t *p = s->data + h->as.tga.pixels, *end = s->data + s->n;
    int64_t total = h->width * h->height, i = 0;
    while (i < total) {
        int64_t count = total - i, run = 0;
        if (h->as.tga.type & RUN_LENGTHS) {
            if (p == end)
                break;
            run = *p & 0x80;
            count = (*p++ & 0x7f) + 1;
            count = count < total - i ? count : total - i;
        }
        if ((size_t)(end - p) < step(h) * (size_t)(run ? 1 : count))
            break;
        for (int64_t k = 0; k < count; k++, i++) {
            if (!pixel(s, h, p, place(h, pixels, i)))
                return visml_fail(err, VISML_EFORMAT, "TGA, byte %zu: palette index %d, the palette has %zu to %zu", (size_t)(p - s->data),
                                  p[0], h->as.tga.map_first, h->as.tga.map_first + h->as.tga.map_count - 1);
            p += run ? 0 : step(h);
        }
        p += run ? step(h) : 0;
    }
    if (i < total)
        return visml_fail(err, VISML_EFORMAT, "TGA, byte %zu: truncated: %lld of %lld pixels", (size_t)(p - s->data), (long long)i,
                          (long long)total);
    return VISML_OK;
}

const visml_image_ops visml_tga_ops = {.name = "TGA", .match = match, .probe = probe, .decode = decode};
