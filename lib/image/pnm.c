/* Netpbm: bitmaps (P1, P4), gray (P2, P5) and RGB (P3, P6), as text and binary. */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

static int is_space(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int match(const uint8_t *p, size_t n) {
    return n >= 3 && p[0] == 'P' && p[1] >= '1' && p[1] <= '6' && (is_space(p[2]) || p[2] == '#');
}

/* ---- header ---- */

/* The next number, blanks and comments before it passed over; at most `digits` digits. -1: there is none, or it is above `most`. */
static int64_t number(const visml_source *s, size_t *at, int digits, int64_t most) {
    int64_t value = -1;
    while (*at < s->n && (is_space(s->data[*at]) || s->data[*at] == '#'))
        if (s->data[(*at)++] == '#')
            while (*at < s->n && s->data[*at] != '\n' && s->data[*at] != '\r')
                ++*at;
    for (; digits-- && *at < s->n && s->data[*at] >= '0' && s->data[*at] <= '9'; ++*at) {
        value = (value < 0 ? 0 : value) * 10 + (s->data[*at] - '0');
        if (value > most)
            return -1;
    }
    return value;
}

static int is_bitmap(const visml_image_header *h) {
    return h->as.pnm.kind == 1 || h->as.pnm.kind == 4;
}

static visml_status check_pixels(const visml_source *s, const visml_image_header *h, visml_error *err) {
    uint64_t samples = (uint64_t)h->width * (uint64_t)h->channels, row = samples * (h->as.pnm.max > 255 ? 2 : 1);
    if (h->as.pnm.kind == 4)
        row = (samples + 7) / 8;
    uint64_t bytes = h->as.pnm.kind < 4 ? samples : row; /* of text at least a digit a sample */
    if (h->as.pnm.pixels > s->n || bytes > (s->n - h->as.pnm.pixels) / (uint64_t)h->height)
        return visml_fail(err, VISML_EFORMAT,
                          "PNM, byte %zu: truncated: %lld rows of %llu bytes do not fit before the end of the file (%zu)", h->as.pnm.pixels,
                          (long long)h->height, (unsigned long long)bytes, s->n);
    return VISML_OK;
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    size_t at = 2;
    h->format = VISML_FORMAT_PNM;
    h->as.pnm.kind = s->data[1] - '0';
    h->width = number(s, &at, 10, INT32_MAX);
    h->height = h->width < 0 ? -1 : number(s, &at, 10, INT32_MAX);
    if (h->width < 1 || h->height < 1)
        return visml_fail(err, VISML_EFORMAT, "PNM, byte %zu: width and height must be 1 to %d", at, INT32_MAX);
    int64_t max = is_bitmap(h) ? 1 : number(s, &at, 10, 65535);
    if (max < 1)
        return visml_fail(err, VISML_EFORMAT, "PNM, byte %zu: the largest value must be 1 to 65535", at);
    if (at >= s->n || !is_space(s->data[at]))
        return visml_fail(err, VISML_EFORMAT, "PNM, byte %zu: a blank must follow the header", at);
    h->as.pnm.max = (int32_t)max;
    h->as.pnm.pixels = at + 1;
    h->channels = h->as.pnm.kind % 3 == 0 ? 3 : 1;
    h->bits = max > 255 ? 16 : 8;
    return whole ? check_pixels(s, h, err) : VISML_OK;
}

/* ---- pixels ---- */

typedef struct samples {
    const visml_source *s;
    const visml_image_header *h;
    size_t at; /* of the next sample */
} samples;

/* -1: damaged, or the end of the text. In bitmaps 1 is black; the result counts light. */
static int64_t next(samples *t, int64_t x) {
    const uint8_t *p = t->s->data + t->at;
    switch (t->h->as.pnm.kind) {
    case 1: {
        int64_t bit = number(t->s, &t->at, 1, 1);
        return bit < 0 ? -1 : 1 - bit;
    }
    case 2:
    case 3: {
        int64_t value = number(t->s, &t->at, 5, t->h->as.pnm.max);
        return t->at < t->s->n && is_space(t->s->data[t->at]) ? value : -1; /* without a blank a digit may be missing */
    }
    case 4:
        if (x % 8 == 7 || x == t->h->width - 1)
            t->at++;
        return 1 - (p[0] >> (7 - x % 8) & 1);
    default: t->at += t->h->bits == 16 ? 2 : 1;
    }
    int64_t value = t->h->bits == 16 ? visml_be16(p) : p[0];
    return value > t->h->as.pnm.max ? -1 : value;
}

static visml_status decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    samples t = {s, h, h->as.pnm.pixels};
    int64_t full = h->bits == 16 ? 65535 : 255, max = h->as.pnm.max, row = h->width * h->channels, at = 0;
    if (h->as.pnm.kind > 4 && max == 255) {
        memcpy(pixels, s->data + t.at, (size_t)(row * h->height));
        return VISML_OK;
    }
    for (int64_t y = 0; y < h->height; y++)
        for (int64_t x = 0; x < row; x++, at++) {
            int64_t value = next(&t, x);
            if (value < 0)
                return visml_fail(err, VISML_EFORMAT, "PNM, byte %zu: not a sample of 0 to %lld", t.at, (long long)max);
            value = (value * full * 2 + max) / (2 * max);
            if (h->bits == 16)
                ((uint16_t *)pixels)[at] = (uint16_t)value;
            else
                ((uint8_t *)pixels)[at] = (uint8_t)value;
        }
    return VISML_OK;
}

const visml_image_ops visml_pnm_ops = {.name = "PNM", .match = match, .probe = probe, .decode = decode};
