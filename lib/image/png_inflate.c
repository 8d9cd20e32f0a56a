/* The samples of a PNG by our own inflate, for builds without libspng. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "image/inflate.h"

/* One of the seven passes of Adam7, or the whole picture: it has every dx-th pixel from x on, every dy-th row from y on. */
typedef struct pass {
    uint8_t x, y, dx, dy;
} pass;

static const pass whole = {0, 0, 1, 1};
static const pass adam7[7] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

static size_t count(int64_t side, int first, int step) {
    return side > first ? (size_t)((side - first + step - 1) / step) : 0;
}

/* Bytes of a pass, filter bytes included. */
static size_t pass_bytes(const visml_image_header *h, const pass *p) {
    size_t columns = count(h->width, p->x, p->dx);
    return columns ? (visml_png_row_bytes(h, columns) + 1) * count(h->height, p->y, p->dy) : 0;
}

/* ---- filters (PNG, clause 9) ---- */

static int paeth(int a, int b, int c) {
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* Undoes the filter of a row in place. `above` is NULL for the first row; step: bytes from a sample to the one of the pixel before. */
static int unfilter(int filter, uint8_t *row, const uint8_t *above, size_t n, size_t step) {
    if (filter > 4)
        return 0;
    for (size_t i = 0; i < n && filter; i++) {
        int left = i >= step ? row[i - step] : 0, up = above ? above[i] : 0, corner = above && i >= step ? above[i - step] : 0;
        int guess = filter == 1 ? left : filter == 2 ? up : filter == 3 ? (left + up) / 2 : paeth(left, up, corner);
        row[i] = (uint8_t)(row[i] + guess);
    }
    return 1;
}

/* ---- passes ---- */

static size_t pixel_bits(const visml_image_header *h) {
    static const uint8_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    return samples[h->as.png.color] * (size_t)h->as.png.depth;
}

/* Pixels of a row of a pass to their places in a row of the picture. */
static void spread(const visml_image_header *h, const pass *p, const uint8_t *row, size_t columns, uint8_t *to) {
    size_t bits = pixel_bits(h);
    for (size_t i = 0; i < columns; i++) {
        size_t x = p->x + i * p->dx;
        if (bits >= 8) {
            memcpy(to + x * (bits / 8), row + i * (bits / 8), bits / 8);
            continue;
        }
        size_t from = i * bits, at = x * bits;
        unsigned value = (unsigned)row[from / 8] >> (8 - bits - from % 8) & ((1u << bits) - 1);
        to[at / 8] = (uint8_t)(to[at / 8] | value << (8 - bits - at % 8));
    }
}

/* `data` are the bytes of the pass; `samples` the whole picture, zeroed. */
static visml_status place(const visml_image_header *h, const pass *p, uint8_t *data, uint8_t *samples, visml_error *err) {
    size_t columns = count(h->width, p->x, p->dx), rows = count(h->height, p->y, p->dy), n = visml_png_row_bytes(h, columns);
    size_t picture_row = visml_png_row_bytes(h, (size_t)h->width), step = (pixel_bits(h) + 7) / 8;
    const uint8_t *above = NULL;
    for (size_t r = 0; columns && r < rows; r++, data += n + 1) {
        if (!unfilter(data[0], data + 1, above, n, step))
            return visml_fail(err, VISML_EFORMAT, "PNG: the image data are damaged: filter %d in row %zu does not exist", data[0], r);
        above = data + 1;
        uint8_t *to = samples + (p->y + r * p->dy) * picture_row;
        if (p->dx == 1)
            memcpy(to, above, n);
        else
            spread(h, p, above, columns, to);
    }
    return VISML_OK;
}

static visml_status place_all(const visml_image_header *h, uint8_t *data, uint8_t *samples, visml_error *err) {
    if (!h->as.png.interlaced)
        return place(h, &whole, data, samples, err);
    for (int i = 0; i < 7; i++) {
        VISML_TRY(place(h, &adam7[i], data, samples, err));
        data += pass_bytes(h, &adam7[i]);
    }
    return VISML_OK;
}

/* ---- the compressed data ---- */

static size_t filtered_bytes(const visml_image_header *h) {
    size_t bytes = 0;
    if (!h->as.png.interlaced)
        return pass_bytes(h, &whole);
    for (int i = 0; i < 7; i++)
        bytes += pass_bytes(h, &adam7[i]);
    return bytes;
}

/* All IDAT data in one piece; it is no longer than the file. */
static size_t join(const visml_source *s, const visml_image_header *h, uint8_t *to) {
    size_t at = h->as.png.first_chunk, n, total = 0;
    const uint8_t *data;
    while (visml_png_next_idat(s, &at, &data, &n)) {
        memcpy(to + total, data, n);
        total += n;
    }
    return total;
}

static visml_status unpack(const uint8_t *zlib, size_t n, uint8_t *to, size_t bytes, visml_error *err) {
    visml_inflate_out out = {.data = to, .capacity = bytes};
    size_t used = 0;
    visml_error inner;
    if (n < 2 || (zlib[0] & 15) != 8 || zlib[0] >> 4 > 7 || (zlib[0] * 256 + zlib[1]) % 31 != 0 || zlib[1] & 32)
        return visml_fail(err, VISML_EFORMAT, "PNG: the image data (IDAT) do not start as zlib data do");
    visml_status status = visml_inflate("PNG, image data (IDAT)", zlib + 2, n - 2, &out, &used, &inner);
    if (out.made == bytes) /* all that is needed; more is passed over, as other readers do */
        return VISML_OK;
    if (status < 0)
        return visml_fail(err, status, "%s", inner.message);
    return visml_fail(err, VISML_EFORMAT, "PNG: the image data (IDAT) hold %zu bytes, the picture needs %zu", out.made, bytes);
}

visml_status visml_png_samples(const visml_source *s, const visml_image_header *h, uint8_t *samples, size_t bytes, visml_error *err) {
    visml_memory *m = &s->context->memory;
    size_t needed = filtered_bytes(h);
    uint8_t *zlib = visml_mem_alloc(m, s->n, err), *data = visml_mem_alloc(m, needed, err);
    visml_status status = VISML_ENOMEM;
    if (zlib && data) {
        memset(samples, 0, bytes);
        status = unpack(zlib, join(s, h, zlib), data, needed, err);
        if (status == VISML_OK)
            status = place_all(h, data, samples, err);
    }
    visml_mem_free(m, zlib);
    visml_mem_free(m, data);
    return status;
}
