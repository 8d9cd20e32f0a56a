/* Pictures to PNG files: 8 or 16 bits, gray, gray + alpha, RGB, RGB + alpha. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "image/bytes.h"
#include "image/deflate.h"
#include "image/image.h"
#include "tensor/tensor.h"

#define CHUNK 12      /* bytes of a chunk besides its data */
#define HEADER 33     /* signature and IHDR */
#define ZLIB 6        /* header and checksum */

/* ---- filters (PNG, clause 9) ---- */

static int paeth(int a, int b, int c) {
    int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static void filter_row(int filter, const uint8_t *row, const uint8_t *above, size_t n, size_t step, uint8_t *out) {
    for (size_t i = 0; i < n; i++) {
        int left = i >= step ? row[i - step] : 0, up = above ? above[i] : 0, corner = above && i >= step ? above[i - step] : 0;
        int guess = filter == 0 ? 0 : filter == 1 ? left : filter == 2 ? up : filter == 3 ? (left + up) / 2 : paeth(left, up, corner);
        out[i] = (uint8_t)(row[i] - guess);
    }
}

/* Small differences, of either sign, compress well. */
static uint64_t cost(const uint8_t *p, size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p[i] < 128 ? p[i] : 256u - p[i];
    return sum;
}

/* out[0] the filter, out[1 ... n] the row under the one that costs least. */
static void best_filter(const uint8_t *row, const uint8_t *above, size_t n, size_t step, uint8_t *scratch, uint8_t *out) {
    uint64_t least = UINT64_MAX;
    for (int filter = 0; filter < 5; filter++) {
        filter_row(filter, row, above, n, step, scratch);
        uint64_t sum = cost(scratch, n);
        if (sum >= least)
            continue;
        least = sum;
        out[0] = (uint8_t)filter;
        memcpy(out + 1, scratch, n);
    }
}

/* ---- chunks ---- */

static uint8_t *put_chunk(uint8_t *p, const char *tag, const uint8_t *data, size_t n) {
    visml_put_be32(p, (uint32_t)n);
    memcpy(p + 4, tag, 4);
    if (n && data != p + 8)
        memcpy(p + 8, data, n);
    visml_put_be32(p + 8 + n, visml_crc32(0, p + 4, n + 4));
    return p + CHUNK + n;
}

static uint8_t *put_header(uint8_t *p, const visml_tensor *image) {
    static const uint8_t colors[5] = {0, 0, 4, 2, 6};
    const int64_t *d = image->shape.dims;
    uint8_t ihdr[13] = {0};
    memcpy(p, "\x89PNG\r\n\x1a\n", 8);
    visml_put_be32(ihdr, (uint32_t)d[1]);
    visml_put_be32(ihdr + 4, (uint32_t)d[0]);
    ihdr[8] = image->dtype == VISML_U16 ? 16 : 8;
    ihdr[9] = colors[d[2]];
    return put_chunk(p + 8, "IHDR", ihdr, sizeof ihdr);
}

/* RFC 1950. 5,552 bytes are the most that the sums hold before they must be reduced. */
static uint32_t adler32(const uint8_t *p, size_t n) {
    uint32_t a = 1, b = 0;
    while (n) {
        size_t part = n < 5552 ? n : 5552;
        n -= part;
        while (part--) {
            a += *p++;
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    return b << 16 | a;
}

/* ---- the whole ---- */

typedef struct encoder {
    const visml_tensor *image;
    size_t row, rows, step; /* bytes of a row, rows, bytes of a pixel */
    uint8_t *filtered, *scratch, *file; /* [rows, 1 + row], [3, row], the result */
} encoder;

/* A row as PNG stores it: 16-bit samples with the high byte first. */
static const uint8_t *stored_row(const encoder *e, size_t y, uint8_t *buffer) {
    const char *from = e->image->data + y * e->row;
    if (e->image->dtype == VISML_U8)
        return (const uint8_t *)from;
    for (size_t i = 0; i < e->row; i += 2) {
        uint16_t v = *(const uint16_t *)(from + i);
        buffer[i] = (uint8_t)(v >> 8);
        buffer[i + 1] = (uint8_t)v;
    }
    return buffer;
}

static void filter_all(const encoder *e) {
    const uint8_t *above = NULL;
    for (size_t y = 0; y < e->rows; y++) {
        const uint8_t *row = stored_row(e, y, e->scratch + (1 + y % 2) * e->row);
        best_filter(row, above, e->row, e->step, e->scratch, e->filtered + y * (e->row + 1));
        above = row;
    }
}

static visml_status write_file(const encoder *e, size_t *n, visml_error *err) {
    size_t raw = e->rows * (e->row + 1), packed = 0;
    uint8_t *p = put_header(e->file, e->image), *data = p + 8;
    data[0] = 0x78;
    data[1] = 0x01;
    VISML_TRY(visml_deflate(&e->image->context->memory, e->filtered, raw, data + 2, &packed, err));
    visml_put_be32(data + 2 + packed, adler32(e->filtered, raw));
    if (packed + ZLIB > INT32_MAX)
        return visml_fail(err, VISML_ELIMIT, "encode: the picture takes %zu bytes, a PNG chunk can hold %d", packed, INT32_MAX);
    p = put_chunk(p, "IDAT", data, packed + ZLIB);
    p = put_chunk(p, "IEND", NULL, 0);
    *n = (size_t)(p - e->file);
    return VISML_OK;
}

/* The file in memory of the context (visml_mem_free). */
static visml_status encode(const visml_tensor *image, uint8_t **file, size_t *n, visml_error *err) {
    visml_memory *m = &image->context->memory;
    const int64_t *d = image->shape.dims;
    encoder e = {.image = image, .rows = (size_t)d[0], .step = (size_t)d[2] * visml_dtype_bytes(image->dtype)};
    e.row = (size_t)d[1] * e.step;
    size_t raw = e.rows * (e.row + 1), bound = visml_deflate_bound(raw); /* little more than the picture itself, which exists */
    e.filtered = visml_mem_alloc(m, raw, err);
    e.scratch = e.filtered ? visml_mem_zalloc(m, e.row, 3, err) : NULL;
    e.file = e.scratch ? visml_mem_alloc(m, bound + HEADER + 2 * CHUNK + ZLIB, err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (e.file) {
        filter_all(&e);
        status = write_file(&e, n, err);
    }
    visml_mem_free(m, e.filtered);
    visml_mem_free(m, e.scratch);
    if (status < 0)
        visml_mem_free(m, e.file);
    else
        *file = e.file;
    return status;
}

static visml_status check(const visml_tensor *image, visml_error *err) {
    VISML_TRY(visml_image_check("encode: image", image, err));
    const int64_t *d = image->shape.dims;
    if (image->dtype == VISML_F32)
        return visml_fail(err, VISML_EINVAL, "encode: image is float32, must be uint8 or uint16 (visml_tensor_convert rounds)");
    if (d[0] > INT32_MAX || d[1] > INT32_MAX)
        return visml_fail(err, VISML_EINVAL, "encode: image has shape %s, a side can have %d pixels at most",
                          visml_shape_format(&image->shape).s, INT32_MAX);
    return VISML_OK;
}

visml_status visml_image_write_png(const visml_tensor *image, const char *path, visml_error *err) {
    uint8_t *file = NULL;
    size_t n = 0;
    VISML_TRY(check(image, err));
    if (!path)
        return visml_fail(err, VISML_EINVAL, "encode: path is NULL, must name a file");
    VISML_TRY(encode(image, &file, &n, err));
    visml_status status = visml_file_replace(&image->context->memory, path, file, n, err);
    visml_mem_free(&image->context->memory, file);
    return status;
}

visml_tensor *visml_image_encode_png(const visml_tensor *image, visml_error *err) {
    uint8_t *file = NULL;
    size_t n = 0;
    if (check(image, err) < 0 || encode(image, &file, &n, err) < 0)
        return NULL;
    visml_shape shape = visml_shape_make(1, (int64_t[]){(int64_t)n});
    visml_tensor *out = visml_tensor_new(image->context, VISML_U8, &shape, err);
    if (out)
        memcpy(out->data, file, n);
    visml_mem_free(&image->context->memory, file);
    return out;
}
