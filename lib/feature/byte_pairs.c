#include "feature/byte_pairs.h"

#include <string.h>

void visml_count_pairs(size_t n, const uint8_t *x, uint32_t *pairs, uint32_t *counts) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, x + i, sizeof v); /* in which order the two of a pair come does not matter */
        pairs[v & 0xffff]++;
        pairs[v >> 16 & 0xffff]++;
        pairs[v >> 32 & 0xffff]++;
        pairs[v >> 48]++;
    }
    for (; i < n; i++)
        counts[x[i]]++;
}

void visml_split_pairs(const uint32_t *pairs, uint32_t *counts) {
    for (int a = 0; a < 256; a++, pairs += 256) {
        uint32_t sum = 0;
        for (int b = 0; b < 256; b++) {
            sum += pairs[b];
            counts[b] += pairs[b];
        }
        counts[a] += sum;
    }
}
