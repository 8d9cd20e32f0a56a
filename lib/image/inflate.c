#include "image/inflate.h"

#include <string.h>

#include "base/checksum.h"
#include "base/error.h"
#include "image/bytes.h"

#define MAX_BITS 15   /* of a code */
#define FAST_BITS 10  /* codes up to this length are found in one step */
#define LITERALS 288
#define DISTANCES 32

/* A canonical Huffman code. */
typedef struct code {
    uint16_t fast[1 << FAST_BITS]; /* symbol << 4 | length, by the next bits of the stream; 0: longer, or no code */
    uint16_t count[MAX_BITS + 1];  /* codes of each length */
    uint16_t symbol[LITERALS];     /* in the order of their codes */
} code;

typedef struct reader {
    const char *what;
    const uint8_t *in;
    size_t n, pos;
    uint64_t buffer; /* bits taken from in and not used yet, the next one lowest */
    unsigned bits;
    visml_inflate_out *out;
    visml_error *err;
} reader;

static visml_status damaged(const reader *r, const char *why) {
    return visml_fail(r->err, VISML_EFORMAT, "%s, byte %zu: compressed data are damaged: %s", r->what, r->pos - r->bits / 8, why);
}

static void refill(reader *r) {
    while (r->bits <= 56 && r->pos < r->n) {
        r->buffer |= (uint64_t)r->in[r->pos++] << r->bits;
        r->bits += 8;
    }
}

/* count <= 32 bits; -1 at the end of the data. */
static int64_t take(reader *r, unsigned count) {
    if (r->bits < count)
        refill(r);
    if (r->bits < count)
        return -1;
    int64_t value = (int64_t)(r->buffer & (((uint64_t)1 << count) - 1));
    r->buffer >>= count;
    r->bits -= count;
    return value;
}

/* ---- codes ---- */

static unsigned reverse(unsigned value, unsigned bits) {
    unsigned r = 0;
    for (; bits; bits--, value >>= 1)
        r = r << 1 | (value & 1);
    return r;
}

/* 0 when the lengths are no prefix code. An incomplete one is allowed only where it has at most one code (RFC 1951, 3.2.7). */
static int is_code(const code *c) {
    int left = 1, codes = 0;
    for (int len = 1; len <= MAX_BITS; len++) {
        left = left * 2 - c->count[len];
        codes += c->count[len];
        if (left < 0)
            return 0;
    }
    return left == 0 || codes == 0 || (codes == 1 && c->count[1] == 1);
}

static int build(code *c, const uint8_t *lengths, int n) {
    uint16_t next[MAX_BITS + 2] = {0}, place[MAX_BITS + 2] = {0};
    memset(c, 0, sizeof *c);
    for (int i = 0; i < n; i++)
        c->count[lengths[i]]++;
    c->count[0] = 0;
    if (!is_code(c))
        return 0;
    for (int len = 1; len <= MAX_BITS; len++) {
        next[len + 1] = (uint16_t)((next[len] + c->count[len]) << 1);
        place[len + 1] = (uint16_t)(place[len] + c->count[len]);
    }
    for (int i = 0; i < n; i++) {
        unsigned len = lengths[i];
        if (!len)
            continue;
        c->symbol[place[len]++] = (uint16_t)i;
        unsigned word = next[len]++;
        if (len > FAST_BITS)
            continue;
        for (unsigned j = reverse(word, len); j < 1u << FAST_BITS; j += 1u << len)
            c->fast[j] = (uint16_t)(i << 4 | (int)len);
    }
    return 1;
}

/* Bit by bit, for long codes and near the end of the data. */
static int next_symbol_slow(reader *r, const code *c) {
    int word = 0, first = 0, index = 0;
    for (unsigned len = 1; len <= MAX_BITS && len <= r->bits; len++) {
        word |= (int)(r->buffer >> (len - 1) & 1);
        int count = c->count[len];
        if (word - count < first) {
            r->buffer >>= len;
            r->bits -= len;
            return c->symbol[index + (word - first)];
        }
        index += count;
        first = (first + count) << 1;
        word <<= 1;
    }
    return -1;
}

/* -1: no such code, or the data end. */
static int next_symbol(reader *r, const code *c) {
    if (r->bits < MAX_BITS)
        refill(r);
    unsigned entry = c->fast[r->buffer & ((1 << FAST_BITS) - 1)], len = entry & 15;
    if (!entry || len > r->bits)
        return next_symbol_slow(r, c);
    r->buffer >>= len;
    r->bits -= len;
    return (int)(entry >> 4);
}

/* ---- output ---- */

/* Makes room for `more` bytes. */
static visml_status reserve(reader *r, size_t more) {
    visml_inflate_out *o = r->out;
    if (more <= o->capacity - o->made)
        return VISML_OK;
    if (!o->memory)
        return visml_fail(r->err, VISML_ELIMIT, "%s: compressed data hold more than the %zu bytes that belong here", r->what, o->capacity);
    if (more > o->limit || o->made > o->limit - more)
        return visml_fail(r->err, VISML_ELIMIT, "%s: unpacks to more than %llu bytes, the limit", r->what, (unsigned long long)o->limit);
    size_t capacity = o->capacity < o->limit / 2 ? o->capacity * 2 : (size_t)o->limit;
    if (capacity < o->made + more)
        capacity = o->made + more;
    uint8_t *data = visml_mem_alloc(o->memory, capacity, r->err);
    if (!data)
        return VISML_ENOMEM;
    if (o->made)
        memcpy(data, o->data, o->made);
    visml_mem_free(o->memory, o->data);
    o->data = data;
    o->capacity = capacity;
    return VISML_OK;
}

static visml_status stored(reader *r) {
    take(r, r->bits & 7);
    int64_t length = take(r, 16), check = take(r, 16);
    if (length < 0 || check < 0)
        return damaged(r, "they end too early");
    if (length != (check ^ 0xffff))
        return damaged(r, "the two lengths of a stored block differ");
    r->pos -= r->bits / 8;
    r->buffer = r->bits = 0;
    size_t count = (size_t)length;
    if (count > r->n - r->pos)
        return damaged(r, "they end too early");
    VISML_TRY(reserve(r, count));
    if (count)
        memcpy(r->out->data + r->out->made, r->in + r->pos, count);
    r->out->made += count;
    r->pos += count;
    return VISML_OK;
}

static visml_status copy_back(reader *r, size_t length, size_t distance) {
    visml_inflate_out *o = r->out;
    if (distance > o->made)
        return damaged(r, "a distance reaches before the beginning");
    VISML_TRY(reserve(r, length));
    uint8_t *to = o->data + o->made;
    const uint8_t *from = to - distance;
    o->made += length;
    if (distance >= length)
        memcpy(to, from, length);
    else
        while (length--)
            *to++ = *from++;
    return VISML_OK;
}

/* A length symbol has been read: the match that it begins. */
static visml_status match(reader *r, const code *distances, int symbol) {
    static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                             31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                               193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    if (symbol - 257 >= 29)
        return damaged(r, "a length that does not exist");
    int64_t extra = take(r, length_extra[symbol - 257]);
    int64_t length = length_base[symbol - 257] + extra;
    int d = next_symbol(r, distances);
    if (extra < 0 || d < 0 || d >= 30)
        return damaged(r, "a distance that does not exist, or they end too early");
    int64_t far = take(r, d < 2 ? 0 : (unsigned)(d / 2 - 1));
    if (far < 0)
        return damaged(r, "they end too early");
    return copy_back(r, (size_t)length, (size_t)(distance_base[d] + far));
}

static visml_status block(reader *r, const code *literals, const code *distances) {
    visml_inflate_out *o = r->out;
    for (;;) {
        int symbol = next_symbol(r, literals);
        if (symbol < 0)
            return damaged(r, "a code that does not exist, or they end too early");
        if (symbol == 256)
            return VISML_OK;
        if (symbol > 256) {
            VISML_TRY(match(r, distances, symbol));
            continue;
        }
        if (o->made == o->capacity)
            VISML_TRY(reserve(r, 1));
        o->data[o->made++] = (uint8_t)symbol;
    }
}

/* ---- blocks ---- */

static visml_status fixed_block(reader *r, code *literals, code *distances) {
    uint8_t lengths[LITERALS];
    for (int i = 0; i < LITERALS; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    build(literals, lengths, LITERALS);
    memset(lengths, 5, DISTANCES);
    build(distances, lengths, DISTANCES);
    return block(r, literals, distances);
}

/* The code lengths of both codes, themselves Huffman-coded with `c`. */
static visml_status read_lengths(reader *r, const code *c, uint8_t *lengths, int total) {
    for (int i = 0; i < total;) {
        int symbol = next_symbol(r, c);
        if (symbol < 0)
            return damaged(r, "a code that does not exist, or they end too early");
        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16 && i == 0)
            return damaged(r, "a repeated code length without one before it");
        uint8_t value = symbol == 16 ? lengths[i - 1] : 0;
        int64_t extra = take(r, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
        int64_t count = (symbol == 18 ? 11 : 3) + extra;
        if (extra < 0 || count > total - i)
            return damaged(r, "code lengths run over their end");
        memset(lengths + i, value, (size_t)count);
        i += (int)count;
    }
    return VISML_OK;
}

static visml_status dynamic_block(reader *r, code *literals, code *distances) {
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERALS + DISTANCES] = {0};
    int64_t counts = take(r, 14);
    if (counts < 0)
        return damaged(r, "they end too early");
    int literal_count = (int)(counts & 31) + 257, distance_count = (int)(counts >> 5 & 31) + 1, order_count = (int)(counts >> 10) + 4;
    if (literal_count > 286 || distance_count > 30)
        return damaged(r, "more codes than there are symbols");
    for (int i = 0; i < order_count; i++) {
        int64_t length = take(r, 3);
        if (length < 0)
            return damaged(r, "they end too early");
        lengths[order[i]] = (uint8_t)length;
    }
    if (!build(literals, lengths, 19))
        return damaged(r, "the code of the code lengths is no prefix code");
    VISML_TRY(read_lengths(r, literals, lengths, literal_count + distance_count));
    if (!lengths[256])
        return damaged(r, "a block without an end code");
    if (!build(literals, lengths, literal_count) || !build(distances, lengths + literal_count, distance_count))
        return damaged(r, "the code lengths are no prefix code");
    return block(r, literals, distances);
}

visml_status visml_inflate(const char *what, const uint8_t *in, size_t n, visml_inflate_out *out, size_t *used, visml_error *err) {
    reader r = {.what = what, .in = in, .n = n, .out = out, .err = err};
    code literals, distances;
    int64_t header;
    do {
        header = take(&r, 3);
        if (header < 0)
            return damaged(&r, "they end too early");
        switch (header >> 1) {
        case 0: VISML_TRY(stored(&r)); break;
        case 1: VISML_TRY(fixed_block(&r, &literals, &distances)); break;
        case 2: VISML_TRY(dynamic_block(&r, &literals, &distances)); break;
        default: return damaged(&r, "a block of unknown kind");
        }
    } while (!(header & 1));
    *used = r.pos - r.bits / 8;
    return VISML_OK;
}

/* ---- gzip ---- */

#define HAS_HEADER_CRC 2
#define HAS_EXTRA 4
#define HAS_NAME 8
#define HAS_COMMENT 16

int visml_is_gzip(const unsigned char *in, size_t n) {
    return n >= 2 && in[0] == 0x1f && in[1] == 0x8b;
}

/* Bytes of the header at in[n]; 0 when it is no whole one. */
static size_t header_length(const uint8_t *in, size_t n) {
    if (n < 10 || !visml_is_gzip(in, n) || in[2] != 8 || in[3] & 0xe0)
        return 0;
    size_t pos = 10;
    if (in[3] & HAS_EXTRA) {
        if (n - pos < 2 || n - pos - 2 < visml_le16(in + pos))
            return 0;
        pos += 2 + visml_le16(in + pos);
    }
    for (int flag = HAS_NAME; flag <= HAS_COMMENT; flag *= 2) {
        if (!(in[3] & flag))
            continue;
        const uint8_t *end = memchr(in + pos, 0, n - pos);
        if (!end)
            return 0;
        pos = (size_t)(end - in) + 1;
    }
    if (in[3] & HAS_HEADER_CRC) {
        if (n - pos < 2 || (visml_crc32(0, in, pos) & 0xffff) != visml_le16(in + pos))
            return 0;
        pos += 2;
    }
    return pos;
}

/* One member at in + *pos. */
static visml_status member(const char *what, const uint8_t *in, size_t n, size_t *pos, visml_inflate_out *out, visml_error *err) {
    size_t header = header_length(in + *pos, n - *pos), used = 0, begin = out->made;
    if (!header)
        return visml_fail(err, VISML_EFORMAT, "%s, byte %zu: not a whole gzip header", what, *pos);
    *pos += header;
    VISML_TRY(visml_inflate(what, in + *pos, n - *pos, out, &used, err));
    *pos += used;
    if (n - *pos < 8)
        return visml_fail(err, VISML_EFORMAT, "%s, byte %zu: the gzip file ends before its checksum", what, *pos);
    size_t made = out->made - begin;
    if (visml_le32(in + *pos) != visml_crc32(0, out->data + begin, made))
        return visml_fail(err, VISML_EFORMAT, "%s, byte %zu: the gzip checksum does not fit the data", what, *pos);
    if (visml_le32(in + *pos + 4) != (uint32_t)made)
        return visml_fail(err, VISML_EFORMAT, "%s, byte %zu: the gzip length does not fit the data", what, *pos + 4);
    *pos += 8;
    return VISML_OK;
}

/* The last four bytes tell the length of a file of one member (modulo 2^32); deflate makes at most 1,032 bytes of one. */
static size_t first_capacity(const uint8_t *in, size_t n, uint64_t limit) {
    uint64_t most = (uint64_t)n * 1032, told = n < 18 ? 0 : visml_le32(in + n - 4);
    if (told > most)
        told = most;
    return (size_t)(told > limit ? limit : told);
}

visml_status visml_gunzip(visml_memory *m, const char *what, const unsigned char *in, size_t n, uint64_t limit, unsigned char **out,
                          size_t *out_n, visml_error *err) {
    if (limit > (size_t)-1 / 2)
        limit = (size_t)-1 / 2;
    visml_inflate_out o = {.memory = m, .limit = limit, .capacity = first_capacity(in, n, limit)};
    o.data = visml_mem_alloc(m, o.capacity, err);
    if (!o.data)
        return VISML_ENOMEM;
    size_t pos = 0;
    visml_status status;
    do {
        status = member(what, in, n, &pos, &o, err);
        while (status == VISML_OK && pos < n && in[pos] == 0)
            pos++;
    } while (status == VISML_OK && pos < n);
    if (status < 0) {
        visml_mem_free(m, o.data);
        return status;
    }
    *out = o.data;
    *out_n = o.made;
    return VISML_OK;
}
