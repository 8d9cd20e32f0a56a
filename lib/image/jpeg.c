/* JPEG before its decoder: every marker segment is looked at (ITU-T T.81, annex B). */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

enum { DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, RST0 = 0xd0, RST7 = 0xd7, SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb, DNL = 0xdc,
       DRI = 0xdd, APP1 = 0xe1, APP14 = 0xee, TEM = 0x01 };

typedef struct component {
    uint8_t id, h, v, seen;
} component;

typedef struct walk {
    const visml_source *s;
    visml_image_header *h;
    visml_error *err;
    size_t pos;
    component components[4];
    int exif;
} walk;

static int match(const uint8_t *p, size_t n) {
    return n >= 3 && p[0] == 0xff && p[1] == SOI && p[2] == 0xff;
}

static visml_status bad(const walk *w, size_t at, const char *why) {
    return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: %s", at, why);
}

/* The code of the next marker at or after pos, which moves behind it; 0 when there is none. Filling bytes are passed over. */
static uint8_t next_marker(walk *w) {
    const uint8_t *p = w->s->data;
    while (w->pos + 1 < w->s->n) {
        const uint8_t *ff = memchr(p + w->pos, 0xff, w->s->n - 1 - w->pos);
        if (!ff)
            break;
        w->pos = (size_t)(ff - p) + 1;
        if (p[w->pos] != 0 && p[w->pos] != 0xff)
            return p[w->pos++];
    }
    w->pos = w->s->n;
    return 0;
}

/* ---- segments: p[n] without the length itself, at byte `at` of the file ---- */

static visml_status quantization(const walk *w, const uint8_t *p, size_t n, size_t at) {
    while (n) {
        size_t bytes = p[0] >> 4 ? 129 : 65;
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3 || n < bytes)
            return bad(w, at, "the quantization tables (DQT) are damaged");
        p += bytes;
        n -= bytes;
    }
    return VISML_OK;
}

static visml_status huffman(const walk *w, const uint8_t *p, size_t n, size_t at) {
    while (n) {
        size_t codes = 0;
        if (n >= 17)
            for (int i = 1; i <= 16; i++)
                codes += p[i];
        if (n < 17 || codes > 256 || n - 17 < codes || (p[0] & ~0x13) != 0)
            return bad(w, at, "the Huffman tables (DHT) are damaged");
        p += 17 + codes;
        n -= 17 + codes;
    }
    return VISML_OK;
}

static visml_status unsupported_frame(const walk *w, size_t at, uint8_t marker) {
    const char *kind = (marker & 3) == 3 ? "lossless" : marker > JPG && marker != 0xcd ? "arithmetic-coded" : "hierarchical";
    return visml_fail(w->err, VISML_EUNSUPPORTED, "JPEG, byte %zu: a %s frame (SOF%d); baseline, extended and progressive can be read", at,
                      kind, marker - 0xc0);
}

static visml_status frame_components(walk *w, const uint8_t *p, size_t at) {
    int count = w->h->as.jpeg.components;
    for (int i = 0; i < count; i++, p += 3) {
        component c = {p[0], p[1] >> 4, p[1] & 15, 0};
        if (c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || p[2] > 3)
            return bad(w, at, "the frame header (SOF) is damaged: sampling factors or table numbers out of range");
        for (int j = 0; j < i; j++)
            if (w->components[j].id == c.id)
                return bad(w, at, "the frame header (SOF) is damaged: two components have one number");
        w->components[i] = c;
    }
    return VISML_OK;
}

static visml_status frame(walk *w, uint8_t marker, const uint8_t *p, size_t n, size_t at) {
    visml_image_header *h = w->h;
    if (h->as.jpeg.components)
        return bad(w, at, "a second frame header (SOF)");
    if (marker > 0xc2 && marker != 0xc9 && marker != 0xca)
        return unsupported_frame(w, at, marker);
    if (n < 6 || n != 6 + 3 * (size_t)p[5])
        return bad(w, at, "the frame header (SOF) has the wrong length");
    if (p[0] != 8)
        return visml_fail(w->err, VISML_EUNSUPPORTED, "JPEG, byte %zu: %d bits a sample, can be 8", at, p[0]);
    if (p[5] != 1 && p[5] != 3 && p[5] != 4)
        return visml_fail(w->err, VISML_EUNSUPPORTED, "JPEG, byte %zu: %d components, can be 1 (gray), 3 (colour) or 4 (CMYK)", at, p[5]);
    h->height = visml_be16(p + 1);
    h->width = visml_be16(p + 3);
    if (!h->width || !h->height)
        return visml_fail(w->err, h->width ? VISML_EUNSUPPORTED : VISML_EFORMAT, "JPEG, byte %zu: %lld x %lld pixels", at,
                          (long long)h->width, (long long)h->height);
    h->as.jpeg.components = p[5];
    h->as.jpeg.progressive = marker == 0xc2 || marker == 0xca;
    h->as.jpeg.arithmetic = marker >= 0xc9;
    h->channels = p[5] == 1 ? 1 : 3;
    h->bits = 8;
    return frame_components(w, p + 6, at);
}

/* Ss, Se, Ah and Al of a progressive scan (T.81, G.1.1.1). */
static int spectral_ok(const uint8_t *p, int components) {
    int first = p[0], last = p[1], high = p[2] >> 4, low = p[2] & 15;
    if (first > last || last > 63 || low > 13 || (high && high != low + 1))
        return 0;
    return first == 0 ? last == 0 : components == 1;
}

static visml_status scan(walk *w, const uint8_t *p, size_t n, size_t at) {
    visml_image_header *h = w->h;
    if (!h->as.jpeg.components)
        return bad(w, at, "a scan (SOS) before the frame header (SOF)");
    if (n < 1 || p[0] < 1 || p[0] > h->as.jpeg.components || n != 4 + 2 * (size_t)p[0])
        return bad(w, at, "the scan header (SOS) is damaged");
    int first_pass = !h->as.jpeg.progressive || (p[n - 3] == 0 && p[n - 1] >> 4 == 0);
    for (int i = 0; i < p[0]; i++) {
        component *c = w->components, *end = c + h->as.jpeg.components;
        while (c < end && c->id != p[1 + 2 * i])
            c++;
        if (c == end || (p[2 + 2 * i] & ~0x33) != 0)
            return bad(w, at, "the scan header (SOS) is damaged: it names a component or table that there is not");
        c->seen |= (uint8_t)first_pass;
    }
    if (h->as.jpeg.progressive && !spectral_ok(p + n - 3, p[0]))
        return bad(w, at, "the scan header (SOS) is damaged: spectral selection or bit positions out of range");
    int32_t most = w->s->context->max_scans;
    if (++h->as.jpeg.scans > most)
        return visml_fail(w->err, VISML_ELIMIT, "JPEG, byte %zu: more than %d scans (max_scans)", at, most);
    return VISML_OK;
}

static void application(walk *w, uint8_t marker, const uint8_t *p, size_t n) {
    if (marker == APP1 && !w->exif && n > 6 && memcmp(p, "Exif\0", 5) == 0) {
        visml_exif_read(p + 6, n - 6, w->h);
        w->exif = 1;
    } else if (marker == APP14 && n >= 12 && memcmp(p, "Adobe", 5) == 0) {
        w->h->as.jpeg.adobe_transform = p[11];
    }
}

static visml_status segment(walk *w, uint8_t marker) {
    size_t at = w->pos - 2;
    if (w->s->n - w->pos < 2)
        return bad(w, at, "the file ends in the middle of a segment");
    size_t length = visml_be16(w->s->data + w->pos);
    if (length < 2)
        return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: segment %02x has length %zu, at least 2 is possible", at, marker, length);
    if (length > w->s->n - w->pos)
        return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: segment %02x of %zu bytes runs past the end of the file (%zu)", at, marker,
                          length, w->s->n);
    const uint8_t *p = w->s->data + w->pos + 2;
    w->pos += length;
    length -= 2;
    if (marker == DHT)
        return huffman(w, p, length, at);
    if (marker == DQT)
        return quantization(w, p, length, at);
    if (marker == DRI)
        return length == 2 ? VISML_OK : bad(w, at, "the restart interval (DRI) has the wrong length");
    if (marker == SOS)
        return scan(w, p, length, at);
    if (marker >= 0xc0 && marker <= 0xcf && marker != JPG && marker != DAC)
        return frame(w, marker, p, length, at);
    application(w, marker, p, length);
    return VISML_OK;
}

/* ---- the whole ---- */

/* Every component must have a scan with its mean values, or part of the picture would be made up. */
static visml_status check_end(const walk *w) {
    const visml_image_header *h = w->h;
    if (!h->as.jpeg.components)
        return bad(w, w->pos - 2, "the end (EOI) without a frame header (SOF)");
    for (int i = 0; i < h->as.jpeg.components; i++)
        if (!w->components[i].seen)
            return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: the end (EOI), but component %d has no scan", w->pos - 2, i + 1);
    return VISML_OK;
}

/* libjpeg keeps the coefficients of all components, two bytes each in whole blocks, when there is more than one scan; and some rows. */
static uint64_t scratch(const walk *w) {
    const visml_image_header *h = w->h;
    int most_h = 1, most_v = 1, count = h->as.jpeg.components;
    for (int i = 0; i < count; i++) {
        most_h = w->components[i].h > most_h ? w->components[i].h : most_h;
        most_v = w->components[i].v > most_v ? w->components[i].v : most_v;
    }
    uint64_t bytes = (uint64_t)h->width * (uint64_t)count * 64 + 65536, pixels = (uint64_t)(h->width * h->height);
    bytes += count == 4 ? pixels * 4 : 0;
    if (h->as.jpeg.progressive || h->as.jpeg.scans > 1)
        for (int i = 0; i < count; i++) {
            uint64_t columns = ((uint64_t)h->width * w->components[i].h + 8u * (unsigned)most_h - 1) / (8u * (unsigned)most_h);
            uint64_t rows = ((uint64_t)h->height * w->components[i].v + 8u * (unsigned)most_v - 1) / (8u * (unsigned)most_v);
            bytes += (columns + 4) * (rows + 4) * 128;
        }
    return bytes;
}

static visml_status probe(const visml_source *s, int whole, visml_image_header *h, visml_error *err) {
    walk w = {.s = s, .h = h, .err = err, .pos = 2};
    h->format = VISML_FORMAT_JPEG;
    h->as.jpeg.adobe_transform = -1;
    for (;;) {
        uint8_t marker = next_marker(&w);
        if (!marker)
            return bad(&w, w.pos, h->as.jpeg.scans ? "truncated: the file ends without the end marker (EOI)" : "the file ends in its header");
        if (marker == EOI)
            break;
        if (marker == SOI)
            return bad(&w, w.pos - 2, "a second beginning (SOI)");
        if ((marker >= RST0 && marker <= RST7) || marker == TEM)
            continue;
        if (marker == SOS && !whole && h->as.jpeg.components) {
            h->scratch = scratch(&w);
            return VISML_OK;
        }
        VISML_TRY(segment(&w, marker));
    }
    VISML_TRY(check_end(&w));
    h->scratch = scratch(&w);
    return VISML_OK;
}

const visml_image_ops visml_jpeg_ops = {"JPEG", match, probe, visml_jpeg_decode};
