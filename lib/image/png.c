/* PNG before its decoder, and from stored samples to pixels (ISO/IEC 15948). */
#include <string.h>

#include "base/checksum.h"
#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

#define SIGNATURE "\x89PNG\r\n\x1a\n"
#define TAG(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
enum { GRAY = 0, RGB = 2, PALETTE = 3, GRAY_ALPHA = 4, RGB_ALPHA = 6 };

typedef struct chunk {
    uint32_t tag;
    size_t at; /* offset of its length */
    const uint8_t *data;
    size_t n;
} chunk;

typedef struct walk {
    const visml_source *s;
    visml_image_header *h;
    visml_error *err;
    int idat; /* 1: in the run of IDAT chunks, 2: behind it */
} walk;

static int match(const uint8_t *p, size_t n) {
    return n >= 8 && memcmp(p, SIGNATURE, 8) == 0;
}

static visml_status bad(const walk *w, size_t at, const char *why) {
    return visml_fail(w->err, VISML_EFORMAT, "PNG, byte %zu: %s", at, why);
}

/* ---- chunks ---- */

/* The chunk at `at`, when all of it is there. */
static int read_chunk(const visml_source *s, size_t at, chunk *c) {
    if (at > s->n || s->n - at < 12)
        return 0;
    c->at = at;
    c->n = visml_be32(s->data + at);
    c->tag = visml_be32(s->data + at + 4);
    c->data = s->data + at + 8;
    return c->n <= s->n - at - 12;
}

static visml_status check_chunk(const walk *w, const chunk *c) {
    for (int i = 0; i < 4; i++) {
        int letter = w->s->data[c->at + 4 + (size_t)i] & ~0x20;
        if (letter < 'A' || letter > 'Z')
            return bad(w, c->at + 4, "the name of a chunk is not made of letters");
    }
    uint32_t told = visml_be32(c->data + c->n), crc = visml_crc32(0, c->data - 4, c->n + 4);
    if (told != crc)
        return visml_fail(w->err, VISML_EFORMAT, "PNG, byte %zu: the CRC of chunk %.4s is %08x, its data give %08x", c->at,
                          (const char *)c->data - 4, told, crc);
    return VISML_OK;
}

static visml_status read_ihdr(const walk *w, const chunk *c) {
    static const uint8_t depths[7] = {1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16};
    visml_image_header *h = w->h;
    const uint8_t *p = c->data;
    if (c->tag != TAG('I', 'H', 'D', 'R') || c->n != 13)
        return bad(w, c->at, "the first chunk is not an IHDR of 13 bytes");
    h->width = visml_be32(p);
    h->height = visml_be32(p + 4);
    if (h->width < 1 || h->width > INT32_MAX || h->height < 1 || h->height > INT32_MAX)
        return visml_fail(w->err, VISML_EFORMAT, "PNG, byte 16: %lld x %lld pixels, each side must be 1 to %d", (long long)h->width,
                          (long long)h->height, INT32_MAX);
    int depth = p[8], color = p[9];
    if (color > 6 || depth == 0 || depth > 16 || (depth & (depth - 1)) != 0 || !(depths[color] & depth))
        return visml_fail(w->err, VISML_EFORMAT, "PNG, byte 24: bit depth %d with colour type %d does not exist", depth, color);
    if (p[10] != 0 || p[11] != 0 || p[12] > 1)
        return bad(w, 26, "unknown compression, filter or interlace method");
    h->as.png.depth = depth;
    h->as.png.color = color;
    h->as.png.interlaced = p[12];
    h->as.png.first_chunk = c->at + 12 + c->n;
    return VISML_OK;
}

static visml_status read_plte(const walk *w, const chunk *c) {
    visml_image_header *h = w->h;
    if (h->as.png.palette || w->idat || h->as.png.color == GRAY || h->as.png.color == GRAY_ALPHA)
        return bad(w, c->at, "a palette (PLTE) where none is allowed");
    if (c->n == 0 || c->n % 3 != 0 || c->n > 768)
        return bad(w, c->at, "the palette (PLTE) has the wrong length");
    h->as.png.palette = (size_t)(c->data - w->s->data);
    h->as.png.palette_count = c->n / 3;
    return VISML_OK;
}

static visml_status read_trns(const walk *w, const chunk *c) {
    visml_image_header *h = w->h;
    int color = h->as.png.color;
    size_t most = color == GRAY ? 2 : color == RGB ? 6 : h->as.png.palette_count;
    if (h->as.png.trns || w->idat || color > PALETTE || (color == PALETTE && !h->as.png.palette))
        return bad(w, c->at, "transparency (tRNS) where none is allowed");
    if (color == PALETTE ? c->n == 0 || c->n > most : c->n != most)
        return bad(w, c->at, "the transparency (tRNS) has the wrong length");
    h->as.png.trns = (size_t)(c->data - w->s->data);
    h->as.png.trns_count = c->n;
    return VISML_OK;
}

static visml_status read_other(walk *w, const chunk *c) {
    if (c->tag == TAG('I', 'D', 'A', 'T')) {
        if (w->idat > 1)
            return bad(w, c->at, "the image data (IDAT) are not in one run");
        if (w->h->as.png.color == PALETTE && !w->h->as.png.palette)
            return bad(w, c->at, "image data (IDAT) before the palette (PLTE)");
        w->idat = 1;
        return VISML_OK;
    }
    w->idat = w->idat ? 2 : 0;
    if (c->tag == TAG('P', 'L', 'T', 'E'))
        return read_plte(w, c);
    if (c->tag == TAG('t', 'R', 'N', 'S'))
        return read_trns(w, c);
    if (c->tag == TAG('e', 'X', 'I', 'f'))
        visml_exif_read(c->data, c->n, w->h);
    if (c->tag == TAG('I', 'H', 'D', 'R'))
        return bad(w, c->at, "a second IHDR");
    if (!(c->data[-4] & 0x20) && c->tag != TAG('I', 'E', 'N', 'D'))
        return visml_fail(w->err, VISML_EUNSUPPORTED, "PNG, byte %zu: chunk %.4s is needed to read the picture and is not known", c->at,
                          (const char *)c->data - 4);
    return VISML_OK;
}

/* ---- the whole ---- */

size_t visml_png_row_bytes(const visml_image_header *h, size_t width) {
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    return (width * samples[h->as.png.color] * (size_t)h->as.png.depth + 7) / 8;
}

static void describe(visml_image_header *h) {
    static const uint8_t channels[7] = {1, 0, 3, 3, 2, 0, 4};
    h->channels = channels[h->as.png.color] + (h->as.png.trns ? 1 : 0);
    h->bits = h->as.png.depth == 16 ? 16 : 8;
    /* Stored samples with up to one filter byte a row in each pass of interlacing, what inflating takes, and (below) the
     * compressed data. */
    h->scratch = (visml_png_row_bytes(h, (size_t)h->width) + 8) * ((uint64_t)h->height + 8) + 262144;
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    walk w = {.s = s, .h = h, .err = err};
    chunk c;
    h->format = VISML_FORMAT_PNG;
    if (!read_chunk(s, 8, &c))
        return bad(&w, 8, "the file ends in its header");
    VISML_TRY(check_chunk(&w, &c));
    VISML_TRY(read_ihdr(&w, &c));
    do {
        size_t at = c.at + 12 + c.n;
        if (!read_chunk(s, at, &c)) {
            if (!whole)
                break;
            return bad(&w, at, "truncated: the file ends before its last chunk (IEND)");
        }
        if (whole)
            VISML_TRY(check_chunk(&w, &c));
        VISML_TRY(read_other(&w, &c));
    } while (c.tag != TAG('I', 'E', 'N', 'D'));
    if (whole && !w.idat)
        return bad(&w, c.at, "the end (IEND) without image data (IDAT)");
    describe(h);
    h->scratch += s->n;
    return VISML_OK;
}

int visml_png_next_idat(const visml_source *s, size_t *at, const uint8_t **data, size_t *n) {
    chunk c;
    while (read_chunk(s, *at, &c)) {
        *at = c.at + 12 + c.n;
        if (c.tag != TAG('I', 'D', 'A', 'T'))
            continue;
        *data = c.data;
        *n = c.n;
        return 1;
    }
    return 0;
}

/* ---- from samples to pixels ---- */

/* Sample number i of a row with 1, 2, 4, 8 or 16 bits each. */
static uint32_t sample(const uint8_t *row, size_t i, int depth) {
    if (depth == 8)
        return row[i];
    if (depth == 16)
        return visml_be16(row + 2 * i);
    size_t bit = i * (size_t)depth;
    return row[bit / 8] >> (8 - depth - (int)(bit % 8)) & ((1u << depth) - 1);
}

static visml_status expand_palette(const visml_source *s, const visml_image_header *h, const uint8_t *row, uint8_t *out, visml_error *err) {
    const uint8_t *palette = s->data + h->as.png.palette, *alpha = s->data + h->as.png.trns;
    for (size_t x = 0; x < (size_t)h->width; x++, out += h->channels) {
        uint32_t index = sample(row, x, h->as.png.depth);
        if (index >= h->as.png.palette_count)
            return visml_fail(err, VISML_EFORMAT, "PNG: palette index %u, the palette (PLTE, byte %zu) has %zu colours", index,
                              h->as.png.palette - 8, h->as.png.palette_count);
        memcpy(out, palette + 3 * index, 3);
        if (h->channels == 4)
            out[3] = index < h->as.png.trns_count ? alpha[index] : 255;
    }
    return VISML_OK;
}

static void store(void *out, size_t i, uint32_t value, int bits) {
    if (bits == 16)
        ((uint16_t *)out)[i] = (uint16_t)value;
    else
        ((uint8_t *)out)[i] = (uint8_t)value;
}

/* Gray and RGB: low depths are spread over 0 ... 255, tRNS names the one colour that is transparent. */
static void expand_samples(const visml_source *s, const visml_image_header *h, const uint8_t *row, void *out) {
    int depth = h->as.png.depth, transparent = h->as.png.trns_count != 0;
    uint32_t factor = depth < 8 ? 255u / ((1u << depth) - 1) : 1, opaque = h->bits == 16 ? 65535 : 255;
    size_t colors = (size_t)(h->channels - transparent), to = 0;
    uint32_t key[3] = {0}, mask = (1u << depth) - 1;
    for (size_t c = 0; transparent && c < colors; c++)
        key[c] = visml_be16(s->data + h->as.png.trns + 2 * c) & mask;
    for (size_t x = 0; x < (size_t)h->width; x++) {
        int same = 1;
        for (size_t c = 0; c < colors; c++) {
            uint32_t value = sample(row, x * colors + c, depth);
            same &= value == key[c < 3 ? c : 0];
            store(out, to++, value * factor, h->bits);
        }
        if (transparent)
            store(out, to++, same ? 0 : opaque, h->bits);
    }
}

static visml_status expand(const visml_source *s, const visml_image_header *h, const uint8_t *samples, uint8_t *pixels, visml_error *err) {
    size_t stored = visml_png_row_bytes(h, (size_t)h->width), row = (size_t)h->width * (size_t)(h->channels * (h->bits / 8));
    for (size_t y = 0; y < (size_t)h->height; y++, samples += stored, pixels += row) {
        if (h->as.png.color != PALETTE)
            expand_samples(s, h, samples, pixels);
        else
            VISML_TRY(expand_palette(s, h, samples, pixels, err));
    }
    return VISML_OK;
}

visml_status visml_png_decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    size_t bytes = visml_png_row_bytes(h, (size_t)h->width) * (size_t)h->height; /* within max_decode_bytes */
    if (h->as.png.depth == 8 && h->as.png.color != PALETTE && !h->as.png.trns)
        return visml_png_samples(s, h, pixels, bytes, err); /* they are the pixels */
    uint8_t *samples = visml_mem_zalloc(&s->context->memory, bytes, 1, err);
    if (!samples)
        return VISML_ENOMEM;
    visml_status status = visml_png_samples(s, h, samples, bytes, err);
    if (status == VISML_OK)
        status = expand(s, h, samples, pixels, err);
    visml_mem_free(&s->context->memory, samples);
    return status;
}

const visml_image_ops visml_png_ops = {"PNG", match, probe, visml_png_decode, .fills = 1};
