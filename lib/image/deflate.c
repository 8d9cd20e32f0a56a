/* One block with the fixed codes, matches found through a hash of three bytes. Simple, and good enough for pictures that have been
 * filtered. */
#include "image/deflate.h"

#include <string.h>

#include "base/checked.h"

#define WINDOW 32768  /* farthest distance */
#define HASH_BITS 15
#define MIN_MATCH 3
#define MAX_MATCH 258
#define MAX_TRIES 32  /* earlier places that are looked at */
#define NONE (-1)

typedef struct writer {
    uint8_t *out;
    size_t n;
    uint64_t buffer;
    unsigned bits;
} writer;

static void put(writer *w, uint32_t value, unsigned bits) {
    w->buffer |= (uint64_t)value << w->bits;
    w->bits += bits;
    for (; w->bits >= 8; w->bits -= 8, w->buffer >>= 8)
        w->out[w->n++] = (uint8_t)w->buffer;
}

/* Codes go out with their highest bit first. */
static void put_code(writer *w, uint32_t code, unsigned bits) {
    uint32_t turned = 0;
    for (unsigned i = 0; i < bits; i++)
        turned |= (code >> i & 1) << (bits - 1 - i);
    put(w, turned, bits);
}

/* The fixed code of RFC 1951, 3.2.6. */
static void put_symbol(writer *w, uint32_t symbol) {
    if (symbol < 144)
        put_code(w, 0x30 + symbol, 8);
    else if (symbol < 256)
        put_code(w, 0x190 + symbol - 144, 9);
    else if (symbol < 280)
        put_code(w, symbol - 256, 7);
    else
        put_code(w, 0xc0 + symbol - 280, 8);
}

static unsigned log2_floor(uint32_t v) {
    return 31u - (unsigned)__builtin_clz(v);
}

/* Lengths 3 ... 258: four symbols for each number of extra bits, after eight without; 258 has one of its own. */
static void put_length(writer *w, uint32_t length) {
    uint32_t v = length - MIN_MATCH;
    if (length == MAX_MATCH) {
        put_symbol(w, 285);
    } else if (v < 8) {
        put_symbol(w, 257 + v);
    } else {
        unsigned extra = log2_floor(v) - 2;
        put_symbol(w, 257 + extra * 4 + (v >> extra));
        put(w, v & ((1u << extra) - 1), extra);
    }
}

/* Distances 1 ... 32768: two symbols for each number of extra bits, after four without. */
static void put_distance(writer *w, uint32_t distance) {
    uint32_t v = distance - 1;
    if (v < 4) {
        put_code(w, v, 5);
    } else {
        unsigned extra = log2_floor(v) - 1;
        put_code(w, extra * 2 + (v >> extra), 5);
        put(w, v & ((1u << extra) - 1), extra);
    }
}

/* ---- matches ---- */

/* Places in the input as offsets modulo the window; `last` has the newest place of each hash, `before` the one before a place. */
typedef struct matcher {
    int64_t last[1 << HASH_BITS];
    int64_t before[WINDOW];
} matcher;

static uint32_t hash(const uint8_t *p) {
    uint32_t v = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    return v * 2654435761u >> (32 - HASH_BITS);
}

static void remember(matcher *m, const uint8_t *in, size_t n, size_t at) {
    if (n - at < MIN_MATCH)
        return;
    uint32_t h = hash(in + at);
    m->before[at % WINDOW] = m->last[h];
    m->last[h] = (int64_t)at;
}

static size_t same(const uint8_t *a, const uint8_t *b, size_t most) {
    size_t n = 0;
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

/* The longest match for in + at among the newest places, *distance back; 0 when there is none. */
static size_t find(const matcher *m, const uint8_t *in, size_t n, size_t at, size_t *distance) {
    size_t most = n - at < MAX_MATCH ? n - at : MAX_MATCH, best = MIN_MATCH - 1;
    if (most < MIN_MATCH)
        return 0;
    int64_t place = m->last[hash(in + at)];
    for (int tries = 0; tries < MAX_TRIES && place != NONE && at - (size_t)place <= WINDOW && best < most; tries++) {
        size_t length = same(in + place, in + at, most);
        if (length > best) {
            best = length;
            *distance = at - (size_t)place;
        }
        int64_t older = m->before[(size_t)place % WINDOW];
        if (older >= place)
            break; /* its place has been taken by a newer one */
        place = older;
    }
    return best < MIN_MATCH ? 0 : best;
}

size_t visml_deflate_bound(size_t n) {
    size_t bytes;
    return visml_size_add(n, n / 8 + 16, &bytes) ? bytes : 0; /* nine bits at most for each byte */
}

visml_status visml_deflate(visml_memory *memory, const uint8_t *in, size_t n, uint8_t *out, size_t *made, visml_error *err) {
    matcher *m = visml_mem_alloc(memory, sizeof *m, err);
    if (!m)
        return VISML_ENOMEM;
    memset(m, 0xff, sizeof *m); /* NONE everywhere */
    writer w = {.out = out};
    put(&w, 1 | 1 << 1, 3); /* the last block, fixed codes */
    for (size_t at = 0; at < n;) {
        size_t distance = 0, length = find(m, in, n, at, &distance);
        if (length) {
            put_length(&w, (uint32_t)length);
            put_distance(&w, (uint32_t)distance);
        } else {
            put_symbol(&w, in[at]);
            length = 1;
        }
        for (; length; length--)
            remember(m, in, n, at++);
    }
    put_symbol(&w, 256);
    put(&w, 0, 7); /* to a whole byte */
    *made = w.n;
    visml_mem_free(memory, m);
    return VISML_OK;
}
