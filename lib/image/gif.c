/* The first frame of a GIF (89a specification), on the whole logical screen. */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

#define MAX_CODES 4096

static int match(const uint8_t *p, size_t n) {
    return n >= 6 && (memcmp(p, "GIF87a", 6) == 0 || memcmp(p, "GIF89a", 6) == 0);
}

static visml_status bad(visml_error *err, size_t at, const char *why) {
    return visml_fail(err, VISML_EFORMAT, "GIF, byte %zu: %s", at, why);
}

/* ---- blocks ---- */

/* Passes over sub-blocks and the empty one that ends them; 0 when the file ends before. */
static int skip_blocks(const visml_source *s, size_t *at) {
    while (*at < s->n) {
        size_t n = s->data[*at];
        if (n >= s->n - *at)
            return 0;
        *at += n + 1;
        if (!n)
            return 1;
    }
    return 0;
}

/* A colour table that flags announce; 0 when the file ends in it. */
static int read_palette(const visml_source *s, int flags, size_t *at, visml_image_header *h) {
    if (!(flags & 0x80))
        return 1;
    size_t count = (size_t)2 << (flags & 7);
    if (count * 3 > s->n - *at)
        return 0;
    h->as.gif.palette = *at;
    h->as.gif.palette_count = count;
    *at += count * 3;
    return 1;
}

static visml_status extension(const visml_source *s, size_t *at, visml_image_header *h, visml_error *err) {
    const uint8_t *p = s->data + *at;
    if (s->n - *at >= 7 && p[1] == 0xf9 && p[2] >= 4)
        h->as.gif.transparent = p[3] & 1 ? p[6] : -1;
    size_t begin = *at;
    *at += 2;
    return s->n - begin >= 2 && skip_blocks(s, at) ? VISML_OK : bad(err, begin, "truncated: the file ends in an extension");
}

static visml_status image_descriptor(const visml_source *s, size_t *at, visml_image_header *h, visml_error *err) {
    const uint8_t *p = s->data + *at;
    size_t begin = *at;
    if (s->n - begin < 10)
        return bad(err, begin, "truncated: the file ends in an image descriptor");
    h->as.gif.left = (int32_t)visml_le16(p + 1);
    h->as.gif.top = (int32_t)visml_le16(p + 3);
    h->as.gif.width = (int32_t)visml_le16(p + 5);
    h->as.gif.height = (int32_t)visml_le16(p + 7);
    h->as.gif.interlaced = p[9] & 0x40;
    *at += 10;
    if (!h->as.gif.width || !h->as.gif.height)
        return visml_fail(err, VISML_EFORMAT, "GIF, byte %zu: a frame of %d x %d pixels", begin, h->as.gif.width, h->as.gif.height);
    if (!read_palette(s, p[9], at, h) || *at >= s->n)
        return bad(err, begin, "truncated: the file ends in a colour table");
    if (s->data[*at] < 1 || s->data[*at] > 8)
        return visml_fail(err, VISML_EFORMAT, "GIF, byte %zu: LZW code size %d, must be 1 to 8", *at, s->data[*at]);
    h->as.gif.data = (*at)++;
    return VISML_OK;
}

/* The screen grows to hold a frame that reaches over its edge. */
static void describe(visml_image_header *h) {
    int32_t right = h->as.gif.left + h->as.gif.width, bottom = h->as.gif.top + h->as.gif.height;
    h->width = h->width < right ? right : h->width;
    h->height = h->height < bottom ? bottom : h->height;
    h->channels = h->as.gif.transparent >= 0 ? 4 : 3;
    h->bits = 8;
    h->scratch = (uint64_t)(h->width * h->height) + 65536;
}

/* The blocks behind the first frame, to the end mark: a file without it is not whole. */
static visml_status skip_rest(const visml_source *s, size_t at, visml_error *err) {
    visml_image_header other = {0};
    while (at < s->n && s->data[at] != ';') {
        if (s->data[at] == ',') {
            VISML_TRY(image_descriptor(s, &at, &other, err));
            if (!skip_blocks(s, &at))
                return bad(err, s->n, "truncated: the file ends in the data of a frame");
        } else if (s->data[at] == '!') {
            VISML_TRY(extension(s, &at, &other, err));
        } else {
            at++;
        }
    }
    return at < s->n ? VISML_OK : bad(err, s->n, "truncated: the file ends without its end mark");
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    size_t at = 13;
    h->format = VISML_FORMAT_GIF;
    h->as.gif.transparent = -1;
    if (s->n < at)
        return bad(err, s->n, "the file ends in its header");
    h->width = visml_le16(s->data + 6);
    h->height = visml_le16(s->data + 8);
    if (!read_palette(s, s->data[10], &at, h))
        return bad(err, at, "truncated: the file ends in its colour table");
    while (at < s->n && s->data[at] != ',') {
        if (s->data[at] == ';')
            return bad(err, at, "the end of the file before any frame");
        if (s->data[at] == '!')
            VISML_TRY(extension(s, &at, h, err));
        else
            at++; /* some writers leave bytes between blocks */
    }
    if (at >= s->n)
        return bad(err, at, "truncated: the file ends before any frame");
    VISML_TRY(image_descriptor(s, &at, h, err));
    describe(h);
    if (!whole)
        return VISML_OK;
    if (!skip_blocks(s, &at))
        return bad(err, s->n, "truncated: the file ends in the data of its first frame");
    return skip_rest(s, at, err);
}

/* ---- LZW ---- */

typedef struct lzw {
    const uint8_t *p, *end; /* in the sub-blocks */
    size_t block;           /* bytes left of the current one */
    uint32_t buffer;
    int bits;
    uint16_t prefix[MAX_CODES];
    uint8_t suffix[MAX_CODES], text[MAX_CODES];
} lzw;

/* -1 at the end of the data. */
static int next_code(lzw *z, int size) {
    while (z->bits < size) {
        if (!z->block) {
            if (z->p == z->end || *z->p == 0)
                return -1;
            z->block = *z->p++;
        }
        z->buffer |= (uint32_t)*z->p++ << z->bits;
        z->block--;
        z->bits += 8;
    }
    int code = (int)(z->buffer & ((1u << size) - 1));
    z->buffer >>= size;
    z->bits -= size;
    return code;
}

/* The pixels that a code stands for, last first, into text; returns how many. Prefixes are smaller than their code, so that it ends. */
static int spell(lzw *z, int code, int clear) {
    int n = 0;
    for (; code > clear; code = z->prefix[code])
        z->text[n++] = z->suffix[code];
    z->text[n++] = (uint8_t)code;
    return n;
}

/* Where the pixels of the frame go. */
typedef struct cursor {
    uint8_t *screen;
    const visml_image_header *h;
    int32_t x, y, pass;
} cursor;

static int full(const cursor *c) {
    return c->y >= c->h->as.gif.height;
}

static void next_row(cursor *c) {
    static const int32_t first[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    c->x = 0;
    if (!c->h->as.gif.interlaced) {
        c->y++;
        return;
    }
    c->y += step[c->pass];
    while (full(c) && c->pass < 3)
        c->y = first[++c->pass];
}

static void put(cursor *c, uint8_t index) {
    const visml_image_header *h = c->h;
    if (full(c))
        return;
    c->screen[(h->as.gif.top + c->y) * h->width + h->as.gif.left + c->x] = index;
    if (++c->x == h->as.gif.width)
        next_row(c);
}

static visml_status unpack(lzw *z, int minimum, cursor *c, const visml_source *s, visml_error *err) {
    const int clear = 1 << minimum;
    int size = minimum + 1, next = clear + 2, last = -1, n = 0;
    while (!full(c)) {
        int code = next_code(z, size);
        if (code == clear) {
            size = minimum + 1;
            next = clear + 2;
            last = -1;
            continue;
        }
        if (code < 0 || code == clear + 1)
            return bad(err, (size_t)(z->p - s->data), "the data of the first frame end before its last pixel");
        if (code > next || (code == next && last < 0) || (last < 0 && code > clear) || (code == next && next == MAX_CODES))
            return bad(err, (size_t)(z->p - s->data), "the data of the first frame are damaged: a code that does not exist yet");
        uint8_t first = n ? z->text[n - 1] : 0; /* of the code before */
        n = spell(z, code == next ? last : code, clear);
        if (code != next)
            first = z->text[n - 1];
        for (int i = n; i-- > 0;)
            put(c, z->text[i]);
        if (code == next)
            put(c, first);
        if (last >= 0 && next < MAX_CODES) {
            z->prefix[next] = (uint16_t)last;
            z->suffix[next] = first;
            if (++next == 1 << size && size < 12)
                size++;
        }
        last = code;
    }
    return VISML_OK;
}

/* ---- pixels ---- */

static visml_status paint(const visml_source *s, const visml_image_header *h, const uint8_t *screen, uint8_t *out, visml_error *err) {
    const uint8_t *palette = s->data + h->as.gif.palette;
    for (int64_t i = 0; i < h->width * h->height; i++, out += h->channels) {
        size_t index = screen[i], count = h->as.gif.palette_count;
        int transparent = (int32_t)index == h->as.gif.transparent;
        if (count && index >= count && !transparent)
            return visml_fail(err, VISML_EFORMAT, "GIF: colour %zu, the table (byte %zu) has %zu", index, h->as.gif.palette, count);
        if (!count)
            memset(out, (int)index, 3); /* no table at all: gray */
        else if (index < count)
            memcpy(out, palette + 3 * index, 3);
        if (h->channels == 4)
            out[3] = transparent ? 0 : 255;
    }
    return VISML_OK;
}

static visml_status decode(const visml_source *s, const visml_image_header *h, void *pixels, visml_error *err) {
    visml_memory *m = &s->context->memory;
    size_t count = (size_t)(h->width * h->height);
    lzw *z = visml_mem_zalloc(m, 1, sizeof *z, err);
    uint8_t *screen = z ? visml_mem_zalloc(m, count, 1, err) : NULL;
    visml_status status = VISML_ENOMEM;
    if (screen) {
        if (h->as.gif.transparent >= 0)
            memset(screen, h->as.gif.transparent, count);
        cursor c = {screen, h, 0, 0, 0};
        z->p = s->data + h->as.gif.data + 1;
        z->end = s->data + s->n;
        status = unpack(z, s->data[h->as.gif.data], &c, s, err);
        if (status == VISML_OK)
            status = paint(s, h, screen, pixels, err);
    }
    visml_mem_free(m, screen);
    visml_mem_free(m, z);
    return status;
}

const visml_image_ops visml_gif_ops = {.name = "GIF", .match = match, .probe = probe, .decode = decode};
