/* Windows and OS/2 bitmaps: 1, 2, 4, 8, 16, 24 and 32 bits, RLE4, RLE8, bit fields, bottom up and top down. */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

enum { RAW = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHA_BITFIELDS = 6 };
#define FILE_HEADER 14 /* bytes */
#define CORE_HEADER 12
#define INFO_HEADER 40

static int match(const uint8_t *p, size_t n) {
    if (n < FILE_HEADER + 4 || p[0] != 'B' || p[1] != 'M')
        return 0;
    uint32_t header = visml_le32(p + FILE_HEADER);
    return header == CORE_HEADER || (header >= 16 && header <= 124);
}

static visml_status bad(visml_error *err, size_t at, const char *why) {
    return visml_fail(err, VISML_EFORMAT, "BMP, byte %zu: %s", at, why);
}

/* ---- header ---- */

/* A field of the bitmap header; 0 when the header is too short to have it. */
static uint32_t field(const visml_source *s, uint32_t header, uint32_t at, uint32_t bytes) {
    const uint8_t *p = s->data + FILE_HEADER + at;
    if (at + bytes > header)
        return 0;
    return bytes == 2 ? visml_le16(p) : visml_le32(p);
}

static void read_masks(const uint8_t *p, int count, visml_image_header *h) {
    for (int i = 0; i < count; i++)
        h->as.bmp.masks[i] = visml_le32(p + 4 * i);
}

/* Where red, green, blue and alpha are in a pixel of 16 or 32 bits. Returns bytes between header and palette, SIZE_MAX when they are cut
 * off. */
static size_t find_masks(const visml_source *s, uint32_t header, visml_image_header *h) {
    static const uint32_t masks16[4] = {0x7c00, 0x3e0, 0x1f, 0}, masks32[4] = {0xff0000, 0xff00, 0xff, 0};
    int32_t compression = h->as.bmp.compression;
    size_t behind = 0, at = FILE_HEADER + INFO_HEADER;
    if (compression == BITFIELDS || compression == ALPHA_BITFIELDS) {
        int count = compression == ALPHA_BITFIELDS || header >= 56 ? 4 : 3;
        behind = header < 52 ? 4 * (size_t)count : 0;
        if (s->n < at + 4 * (size_t)count)
            return (size_t)-1;
        read_masks(s->data + at, count, h);
    }
    uint32_t *m = h->as.bmp.masks;
    if (!(m[0] | m[1] | m[2]))
        memcpy(m, h->as.bmp.bits == 16 ? masks16 : masks32, sizeof h->as.bmp.masks);
    return behind;
}

static visml_status read_size(const visml_source *s, uint32_t header, visml_image_header *h, visml_error *err) {
    if (header == CORE_HEADER) {
        h->width = field(s, header, 4, 2);
        h->height = field(s, header, 6, 2);
        h->as.bmp.bits = (int32_t)field(s, header, 10, 2);
        h->as.bmp.bottom_up = 1;
    } else {
        int64_t height = (int32_t)field(s, header, 8, 4);
        h->width = (int32_t)field(s, header, 4, 4);
        h->height = height < 0 ? -height : height;
        h->as.bmp.bottom_up = height > 0;
        h->as.bmp.bits = (int32_t)field(s, header, 14, 2);
        h->as.bmp.compression = (int32_t)field(s, header, 16, 4);
    }
    if (h->width < 1 || h->height < 1 || h->height > INT32_MAX)
        return visml_fail(err, VISML_EFORMAT, "BMP, byte %d: %lld x %lld pixels", FILE_HEADER + 4, (long long)h->width,
                          (long long)h->height);
    return VISML_OK;
}

static visml_status check_kind(uint32_t header, const visml_image_header *h, visml_error *err) {
    int32_t bits = h->as.bmp.bits, compression = h->as.bmp.compression;
    int known = bits == 1 || bits == 2 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    int fits = compression == RAW || (compression == RLE8 && bits == 8) || (compression == RLE4 && bits == 4) ||
               ((compression == BITFIELDS || compression == ALPHA_BITFIELDS) && (bits == 16 || bits == 32) && header != 64);
    if (known && fits)
        return VISML_OK;
    return visml_fail(err, VISML_EUNSUPPORTED, "BMP, byte %d: %d bits a pixel with compression %d cannot be read", FILE_HEADER + 14, bits,
                      compression);
}

/* The palette ends at the latest where the pixels begin. Files differ in whether `told` and the offset of the pixels make sense. */
static void find_palette(const visml_source *s, uint32_t header, size_t begin, uint32_t told, visml_image_header *h) {
    size_t count = (size_t)1 << h->as.bmp.bits, offset = visml_le32(s->data + 10), step = header == CORE_HEADER ? 3 : 4;
    size_t entries = told && told < 65536 ? told : count;
    if (offset == begin || offset < FILE_HEADER + header)
        offset = begin + step * entries;
    size_t end = offset < s->n ? offset : s->n, room = end > begin ? (end - begin) / step : 0;
    if (told && told < count)
        count = told;
    h->as.bmp.palette = begin;
    h->as.bmp.palette_step = step;
    h->as.bmp.palette_count = count < room ? count : room;
    h->as.bmp.pixels = offset;
}

static size_t row_bytes(const visml_image_header *h) {
    return ((size_t)h->width * (size_t)h->as.bmp.bits + 31) / 32 * 4;
}

/* The last row may come without the bytes that fill it up. */
static visml_status check_pixels(const visml_source *s, const visml_image_header *h, visml_error *err) {
    uint64_t last = ((uint64_t)h->width * (uint64_t)h->as.bmp.bits + 7) / 8;
    uint64_t bytes = h->as.bmp.compression == RLE8 || h->as.bmp.compression == RLE4 ? 1 : last;
    if (bytes == last && (uint64_t)(h->height - 1) > (UINT64_MAX - last) / row_bytes(h))
        bytes = UINT64_MAX;
    else if (bytes == last)
        bytes += (uint64_t)(h->height - 1) * row_bytes(h);
    if (h->as.bmp.pixels > s->n || bytes > s->n - h->as.bmp.pixels)
        return visml_fail(err, VISML_EFORMAT, "BMP, byte %zu: truncated: the pixels take %llu bytes, the file ends at %zu",
                          h->as.bmp.pixels, (unsigned long long)bytes, s->n);
    return VISML_OK;
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    uint32_t header = visml_le32(s->data + FILE_HEADER);
    h->format = VISML_FORMAT_BMP;
    if (s->n < FILE_HEADER + header)
        return bad(err, s->n, "the file ends in its header");
    VISML_TRY(read_size(s, header, h, err));
    VISML_TRY(check_kind(header, h, err));
    h->bits = 8;
    h->channels = 3;
    if (h->as.bmp.bits <= 8) {
        find_palette(s, header, FILE_HEADER + header, field(s, header, 32, 4), h);
        if (whole && !h->as.bmp.palette_count)
            return bad(err, h->as.bmp.palette, "the palette is missing");
        h->scratch = (uint64_t)(h->width * h->height);
    } else {
        size_t behind = find_masks(s, header, h), offset = visml_le32(s->data + 10);
        if (behind == (size_t)-1)
            return bad(err, s->n, "the file ends in its bit masks");
        h->as.bmp.pixels = offset < FILE_HEADER + header ? FILE_HEADER + header + behind : offset;
        h->channels = h->as.bmp.masks[3] ? 4 : 3;
    }
    return whole ? check_pixels(s, h, err) : VISML_OK;
}

/* ---- run lengths ---- */

typedef struct rle {
    const uint8_t *p, *end;
    uint8_t *indices; /* [height, width], the first row of the file first */
    int64_t width, height, x, y;
    int four; /* RLE4 */
} rle;

/* Pixels outside the picture are dropped. */
static void put(rle *r, uint8_t index) {
    if (r->x < r->width && r->y < r->height)
        r->indices[r->y * r->width + r->x] = index;
    r->x++;
}

/* Pixel i of bytes at p, two in a byte for RLE4. */
static uint8_t pick(const rle *r, const uint8_t *p, int i) {
    if (!r->four)
        return p[i];
    return i & 1 ? p[i / 2] & 15 : p[i / 2] >> 4;
}

/* What follows a zero byte. 1: the picture ends; 0: go on; -1: the data end too early. */
static int escape(rle *r, int code) {
    if (code == 0) {
        r->x = 0;
        r->y++;
    } else if (code == 1) {
        return 1;
    } else if (code == 2) {
        if (r->end - r->p < 2)
            return -1;
        r->x += r->p[0];
        r->y += r->p[1];
        r->p += 2;
    } else {
        int bytes = r->four ? (code + 1) / 2 : code;
        if (r->end - r->p < bytes)
            return -1;
        for (int i = 0; i < code; i++)
            put(r, pick(r, r->p, i));
        bytes += bytes & 1; /* to a whole word; the last may be cut off */
        r->p += r->end - r->p < bytes ? r->end - r->p : bytes;
    }
    return 0;
}

/* Pixels that nothing is said about have index 0. The picture ends with its code, or with the last pixel. */
static visml_status unpack(rle *r, const visml_source *s, visml_error *err) {
    int done = 0;
    while (!done) {
        if (r->end - r->p < 2) {
            if (r->y >= r->height || (r->y == r->height - 1 && r->x >= r->width))
                return VISML_OK;
            return bad(err, s->n, "truncated: the run lengths end before the picture does");
        }
        int count = r->p[0], value = r->p[1];
        r->p += 2;
        if (count == 0) {
            done = escape(r, value);
        } else {
            uint8_t pair[2] = {(uint8_t)value, (uint8_t)value};
            for (int i = 0; i < count; i++)
                put(r, r->four ? pick(r, pair, i & 1) : pair[0]);
        }
    }
    return done > 0 ? VISML_OK : bad(err, s->n, "truncated: the run lengths end before the picture does");
}

/* ---- pixels ---- */

static uint8_t *row_of(const visml_image_header *h, uint8_t *pixels, int64_t y) {
    return pixels + (h->as.bmp.bottom_up ? h->height - 1 - y : y) * h->width * h->channels;
}

static visml_status paint(const visml_source *s, const visml_image_header *h, uint32_t index, uint8_t *out, visml_error *err) {
    if (index >= h->as.bmp.palette_count)
        return visml_fail(err, VISML_EFORMAT, "BMP: palette index %u, the palette (byte %zu) has %zu colours", index, h->as.bmp.palette,
                          h->as.bmp.palette_count);
    const uint8_t *entry = s->data + h->as.bmp.palette + index * h->as.bmp.palette_step;
    out[0] = entry[2];
    out[1] = entry[1];
    out[2] = entry[0];
    return VISML_OK;
}

static visml_status decode_rle(const visml_source *s, const visml_image_header *h, uint8_t *pixels, visml_error *err) {
    size_t count = (size_t)(h->width * h->height);
    uint8_t *indices = visml_mem_zalloc(&s->context->memory, count, 1, err);
    if (!indices)
        return VISML_ENOMEM;
    rle r = {s->data + h->as.bmp.pixels, s->data + s->n, indices, h->width, h->height, 0, 0, h->as.bmp.compression == RLE4};
    visml_status status = unpack(&r, s, err);
    for (int64_t y = 0; status == VISML_OK && y < h->height; y++)
        for (int64_t x = 0; status == VISML_OK && x < h->width; x++)
            status = paint(s, h, indices[y * h->width + x], row_of(h, pixels, y) + 3 * x, err);
    visml_mem_free(&s->context->memory, indices);
    return status;
}

static visml_status palette_row(const visml_source *s, const visml_image_header *h, const uint8_t *row, uint8_t *out, visml_error *err) {
    size_t bits = (size_t)h->as.bmp.bits;
    for (size_t x = 0; x < (size_t)h->width; x++, out += 3) {
        size_t at = x * bits;
        VISML_TRY(paint(s, h, (uint32_t)row[at / 8] >> (8 - bits - at % 8) & ((1u << bits) - 1), out, err));
    }
    return VISML_OK;
}

/* The bits of a mask as a number spread over 0 ... 255. */
static uint8_t masked(uint32_t pixel, uint32_t mask) {
    if (!mask)
        return 0;
    uint32_t shift = (uint32_t)__builtin_ctz(mask);
    return (uint8_t)((uint64_t)((pixel & mask) >> shift) * 255 / (mask >> shift));
}

static void color_row(const visml_image_header *h, const uint8_t *row, uint8_t *out) {
    int bits = h->as.bmp.bits;
    for (int64_t x = 0; x < h->width; x++, row += bits / 8, out += h->channels) {
        uint32_t pixel = bits == 16 ? visml_le16(row) : bits == 24 ? visml_le16(row) | (uint32_t)row[2] << 16 : visml_le32(row);
        for (int c = 0; c < h->channels; c++)
            out[c] = masked(pixel, h->as.bmp.masks[c]);
    }
}

static visml_status decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    if (h->as.bmp.compression == RLE8 || h->as.bmp.compression == RLE4)
        return decode_rle(s, h, pixels, err);
    for (int64_t y = 0; y < h->height; y++) {
        const uint8_t *row = s->data + h->as.bmp.pixels + (size_t)y * row_bytes(h);
        if (h->as.bmp.bits > 8)
            color_row(h, row, row_of(h, pixels, y));
        else
            VISML_TRY(palette_row(s, h, row, row_of(h, pixels, y), err));
    }
    return VISML_OK;
}

const visml_image_ops visml_bmp_ops = {.name = "BMP", .match = match, .probe = probe, .decode = decode};
