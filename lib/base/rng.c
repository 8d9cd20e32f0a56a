#include "base/rng.h"

#include <math.h>

void visml_philox(uint64_t key, uint64_t counter_hi, uint64_t counter_lo, uint32_t out[4]) {
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    uint32_t c0 = (uint32_t)counter_lo, c1 = (uint32_t)(counter_lo >> 32);
    uint32_t c2 = (uint32_t)counter_hi, c3 = (uint32_t)(counter_hi >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint64_t visml_key(uint64_t seed, uint64_t stream) {
    uint32_t out[4];
    visml_philox(seed, 0x6b65790000000000u, stream, out); /* a counter space of its own: "key" */
    return (uint64_t)out[1] << 32 | out[0];
}

void visml_rng_init(visml_rng *r, uint64_t key) {
    r->key = key;
    r->next = 0;
    r->left = 0;
}

uint32_t visml_rng_u32(visml_rng *r) {
    if (!r->left) {
        visml_philox(r->key, 0, r->next++, r->block);
        r->left = 4;
    }
    return r->block[4 - r->left--];
}

uint64_t visml_rng_u64(visml_rng *r) {
    uint64_t lo = visml_rng_u32(r);
    return (uint64_t)visml_rng_u32(r) << 32 | lo;
}

double visml_rng_uniform(visml_rng *r) {
    return (double)(visml_rng_u64(r) >> 11) * 0x1p-53;
}

double visml_rng_normal(visml_rng *r) {
    double u = 1.0 - visml_rng_uniform(r); /* (0, 1] */
    double v = visml_rng_uniform(r);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

/* The 128-bit product of two numbers, in halves; not every machine has a type for it. */
static void multiply_wide(uint64_t a, uint64_t b, uint64_t *hi, uint64_t *lo) {
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0;
    uint64_t middle = (p00 >> 32) + (uint32_t)p01 + (uint32_t)p10;
    *lo = middle << 32 | (uint32_t)p00;
    *hi = a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

uint64_t visml_rng_below(visml_rng *r, uint64_t n) {
    uint64_t reject = (0 - n) % n; /* 2^64 mod n */
    for (;;) {
        uint64_t hi, lo;
        multiply_wide(visml_rng_u64(r), n, &hi, &lo);
        if (lo >= reject)
            return hi;
    }
}

void visml_rng_shuffle(visml_rng *r, int64_t *values, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)visml_rng_below(r, i);
        int64_t t = values[i - 1];
        values[i - 1] = values[j];
        values[j] = t;
    }
}
