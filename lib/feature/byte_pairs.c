#include "feature/byte_pairs.h"

#include <string.h>

static uint64_t eight_at(const uint8_t *x) {
    uint64_t v;
    memcpy(&v, x, sizeof v);
    return v;
}

static void count_one(size_t n, const uint8_t *x, uint32_t *pairs, uint32_t *counts) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t v = eight_at(x + i);
        pairs[v & 0xffff]++;
        pairs[v >> 16 & 0xffff]++;
        pairs[v >> 32 & 0xffff]++;
        pairs[v >> 48]++;
    }
    for (; i < n; i++)
        counts[x[i]]++;
}

/* The bytes 0 and 3 of the lower four side by side; which one comes first on this machine does not matter. */
static size_t pair_of(uint64_t v) {
    uint32_t two = (uint32_t)v & 0xff0000ffu;
    return (two | two >> 16) & 0xffff;
}

static void count_three(size_t n, const uint8_t *x, uint32_t *pairs, uint32_t *counts) {
    uint32_t *second = pairs + VISML_BYTE_PAIRS, *third = second + VISML_BYTE_PAIRS;
    size_t i = 0;
    for (; i + 3 <= n; i += 2, x += 6) { /* eight bytes can be read */
        uint64_t v = eight_at(x);
        pairs[pair_of(v)]++;
        second[pair_of(v >> 8)]++;
        third[pair_of(v >> 16)]++;
    }
    for (; i < n; i++)
        for (int c = 0; c < 3; c++)
            counts[256 * c + *x++]++;
}

void visml_count_pairs(int64_t channels, size_t n, const uint8_t *x, uint32_t *pairs, uint32_t *counts) {
    if (channels == 1)
        count_one(n, x, pairs, counts);
    else
        count_three(n, x, pairs, counts);
}

void visml_split_pairs(int64_t channels, const uint32_t *pairs, uint32_t *counts) {
    for (int64_t c = 0; c < channels; c++, counts += 256)
        for (int a = 0; a < 256; a++, pairs += 256) {
            uint32_t sum = 0;
            for (int b = 0; b < 256; b++) {
                sum += pairs[b];
                counts[b] += pairs[b];
            }
            counts[a] += sum;
        }
}
