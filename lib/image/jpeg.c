/* JPEG before its decoder: every marker segment is looked at (ITU-T T.81, annex B). */
#include <string.h>

#include "base/error.h"
#include "image/bytes.h"
#include "image/image.h"

enum { DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, RST0 = 0xd0, RST7 = 0xd7, SOI = 0xd8, EOI = 0xd9, SOS = 0xda, DQT = 0xdb,
       DRI = 0xdd, APP0 = 0xe0, APP1 = 0xe1, APP14 = 0xee, TEM = 0x01 };

typedef struct component {
    uint8_t id, h, v, table, seen;
} component;

typedef struct walk {
    const visml_source *s;
    visml_image_header *h;
    visml_error *err;
    size_t pos;
    component components[4];
    int exif;
    unsigned quantization, huffman; /* tables that there are: a bit each; DC tables are bits 0 ... 3, AC tables 4 ... 7 */
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

static visml_status quantization(walk *w, const uint8_t *p, size_t n, size_t at) {
    while (n) {
        size_t bytes = p[0] >> 4 ? 129 : 65;
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3 || n < bytes)
            return bad(w, at, "the quantization tables (DQT) are damaged");
        w->quantization |= 1u << (p[0] & 15);
        p += bytes;
        n -= bytes;
    }
    return VISML_OK;
}

static visml_status huffman(walk *w, const uint8_t *p, size_t n, size_t at) {
    while (n) {
        size_t codes = 0;
        if (n >= 17)
            for (int i = 1; i <= 16; i++)
                codes += p[i];
        if (n < 17 || codes > 256 || n - 17 < codes || (p[0] & ~0x13) != 0)
            return bad(w, at, "the Huffman tables (DHT) are damaged");
        w->huffman |= 1u << ((p[0] & 3) + (p[0] >> 4) * 4);
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
        for (int j = 0; j < i; j++)
            w->h->as.jpeg.ids_repeated |= w->components[j].id == p[0];
        component c = {p[0], p[1] >> 4, p[1] & 15, p[2], 0};
        if (c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || p[2] > 3)
            return bad(w, at, "the frame header (SOF) is damaged: sampling factors or table numbers out of range");
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

/* Whether the tables that component c of a scan uses have been given. */
static int has_tables(const walk *w, const component *c, uint8_t selectors, const uint8_t *spectral) {
    int refines_dc = w->h->as.jpeg.progressive && spectral[0] == 0 && spectral[2] >> 4;
    int dc = spectral[0] == 0 && !refines_dc, ac = spectral[1] != 0 || !w->h->as.jpeg.progressive;
    unsigned needed = (dc ? 1u << (selectors >> 4 & 3) : 0) | (ac ? 16u << (selectors & 3) : 0);
    return (w->quantization >> c->table & 1) && (needed & ~w->huffman) == 0 && (selectors & ~0x33) == 0;
}

static visml_status scan(walk *w, const uint8_t *p, size_t n, size_t at) {
    visml_image_header *h = w->h;
    if (!h->as.jpeg.components)
        return bad(w, at, "a scan (SOS) before the frame header (SOF)");
    if (n < 1 || p[0] < 1 || p[0] > h->as.jpeg.components || n != 4 + 2 * (size_t)p[0])
        return bad(w, at, "the scan header (SOS) is damaged");
    int first_pass = !h->as.jpeg.progressive || (p[n - 3] == 0 && p[n - 1] >> 4 == 0);
    for (int i = 0, used = 0; i < p[0]; i++) {
        int c = 0; /* two components may have one number: each is taken once */
        while (c < h->as.jpeg.components && (w->components[c].id != p[1 + 2 * i] || used >> c & 1))
            c++;
        if (c == h->as.jpeg.components)
            return bad(w, at, "the scan header (SOS) is damaged: it names a component that there is not");
        used |= 1 << c;
        w->components[c].seen |= (uint8_t)first_pass;
        h->as.jpeg.tables_missing |= !has_tables(w, &w->components[c], p[2 + 2 * i], p + n - 3);
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

/* Segments that a decoder has to see. */
static int needs(uint8_t marker) {
    return (marker >= 0xc0 && marker <= 0xcf && marker != JPG) || marker == SOS || marker == DQT || marker == DRI || marker == APP0 ||
           marker == APP14;
}

static visml_status segment(walk *w, uint8_t marker) {
    size_t at = w->pos - 2;
    if (w->s->n - w->pos < 2)
        return bad(w, at, "the file ends in the middle of a segment");
    size_t length = visml_be16(w->s->data + w->pos);
    if (length < 2 && !needs(marker))
        length = 2; /* a comment that tells nonsense */
    if (length < 2)
        return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: segment %02x has length %zu, at least 2 is possible", at, marker, length);
    if (length > w->s->n - w->pos)
        return visml_fail(w->err, VISML_EFORMAT, "JPEG, byte %zu: segment %02x of %zu bytes runs past the end of the file (%zu)", at,
                          marker, length, w->s->n);
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

/* libjpeg keeps the coefficients of all components, two bytes each in whole blocks, when there is more than one scan; and some rows.
 * The file is copied once (visml_jpeg_clean). */
static uint64_t scratch(const walk *w) {
    const visml_image_header *h = w->h;
    int most_h = 1, most_v = 1, count = h->as.jpeg.components;
    for (int i = 0; i < count; i++) {
        most_h = w->components[i].h > most_h ? w->components[i].h : most_h;
        most_v = w->components[i].v > most_v ? w->components[i].v : most_v;
    }
    uint64_t bytes = (uint64_t)h->width * (uint64_t)count * 64 + 65536, pixels = (uint64_t)(h->width * h->height);
    bytes += (count == 4 ? pixels * 4 : 0) + w->s->n;
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
            return bad(&w, w.pos,
                       h->as.jpeg.scans ? "truncated: the file ends without the end marker (EOI)" : "the file ends in its header");
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

/* ---- what the decoder sees ---- */

/* Odd values that decoders only warn of, and read as this. */
static void mend(const visml_image_header *h, uint8_t marker, uint8_t *p, size_t n) {
    if (marker == SOS && !h->as.jpeg.progressive) {
        p[n - 3] = 0;
        p[n - 2] = 63;
        p[n - 1] = 0;
    } else if (marker == APP14 && n >= 12 && memcmp(p, "Adobe", 5) == 0) {
        int color = h->as.jpeg.components == 4 ? 2 : 1; /* YCCK, YCbCr */
        if (p[11] != 0 && p[11] != color)
            p[11] = (uint8_t)color;
    }
}

size_t visml_jpeg_clean(const visml_source *s, const visml_image_header *h, uint8_t *to) {
    walk w = {.s = s, .pos = 2};
    size_t n = 2;
    int in_scan = 0;
    memcpy(to, s->data, n);
    for (;;) {
        size_t begin = w.pos, kept = 2;
        uint8_t marker = next_marker(&w);
        if (in_scan) {
            memcpy(to + n, s->data + begin, w.pos - 2 - begin);
            n += w.pos - 2 - begin;
        }
        int restart = marker >= RST0 && marker <= RST7;
        if (!restart && marker != TEM && marker != EOI) {
            size_t length = visml_be16(s->data + w.pos);
            kept = needs(marker) ? 2 + length : 0;
            w.pos += length < 2 ? 2 : length;
            in_scan = marker == SOS;
        } else if (marker == TEM || (restart && !in_scan)) {
            kept = 0;
        }
        if (kept) {
            to[n] = 0xff;
            to[n + 1] = marker;
            memcpy(to + n + 2, s->data + w.pos - (kept - 2), kept - 2);
            if (kept > 4)
                mend(h, marker, to + n + 4, kept - 4);
            n += kept;
        }
        if (marker == EOI)
            return n;
    }
}

const visml_image_ops visml_jpeg_ops = {"JPEG", match, probe, visml_jpeg_decode, .fills = 1};
