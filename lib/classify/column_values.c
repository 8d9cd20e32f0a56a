#include "classify/column_values.h"

#include <math.h>
#include <string.h>

uint32_t visml_float_key(float v) {
    uint32_t bits;
    float positive_zero = v + 0.0F;
    memcpy(&bits, &positive_zero, sizeof bits);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

float visml_key_float(uint32_t key) {
    uint32_t bits = key & 0x80000000U ? key & 0x7fffffffU : ~key;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ---- sorting ---- */

static void insertion_sort(int64_t n, uint64_t *keys) {
    for (int64_t i = 1; i < n; i++) {
        uint64_t key = keys[i];
        int64_t j = i;
        for (; j > 0 && keys[j - 1] >> 32 > key >> 32; j--)
            keys[j] = keys[j - 1];
        keys[j] = key;
    }
}

static void radix_pass(int64_t n, const uint64_t *from, uint64_t *to, const int64_t counts[256], int shift) {
    int64_t at[256], sum = 0;
    for (int b = 0; b < 256; b++) {
        at[b] = sum;
        sum += counts[b];
    }
    for (int64_t i = 0; i < n; i++)
        to[at[from[i] >> shift & 255]++] = from[i];
}

#define FEW_KEYS 48 /* fewer are sorted by insertion */

void visml_sort_keys(int64_t n, uint64_t *keys, uint64_t *spare) {
    int64_t counts[4][256] = {{0}};
    if (n < FEW_KEYS) {
        insertion_sort(n, keys);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int b = 0; b < 4; b++)
            counts[b][keys[i] >> (32 + 8 * b) & 255]++;
    uint64_t *from = keys, *to = spare;
    for (int b = 0; b < 4; b++) {
        int shift = 32 + 8 * b;
        if (counts[b][from[0] >> shift & 255] == n)
            continue;
        radix_pass(n, from, to, counts[b], shift);
        uint64_t *swap = from;
        from = to, to = swap;
    }
    if (from != keys)
        memcpy(keys, from, (size_t)n * sizeof *keys);
}

/* ---- few different numbers: a table with open places ---- */

#define PLACES 1024 /* a power of 2, some times as many as numbers */

typedef struct value_table {
    uint32_t keys[PLACES];
    uint32_t different[VISML_FEW_VALUES];
    int64_t count;
} value_table;

#define NO_KEY 0 /* of a NaN: no number has it */

/* 0 when there are more than `most`. */
static int put_value(value_table *t, uint32_t key, int64_t most) {
    uint32_t at = (key * 2654435769U) >> 22;
    while (t->keys[at] != key) {
        if (t->keys[at] == NO_KEY) {
            if (t->count == most)
                return 0;
            t->keys[at] = key;
            t->different[t->count++] = key;
            return 1;
        }
        at = (at + 1) % PLACES;
    }
    return 1;
}

int64_t visml_few_values(int64_t n, const float *values, int64_t most, float *different) {
    value_table t = {.count = 0};
    uint64_t keys[VISML_FEW_VALUES], spare[VISML_FEW_VALUES];
    for (int64_t i = 0; i < n; i++)
        if (!isnan(values[i]) && !put_value(&t, visml_float_key(values[i]), most))
            return -1;
    for (int64_t i = 0; i < t.count; i++)
        keys[i] = (uint64_t)t.different[i] << 32;
    visml_sort_keys(t.count, keys, spare);
    for (int64_t i = 0; i < t.count; i++)
        different[i] = visml_key_float((uint32_t)(keys[i] >> 32));
    return t.count;
}

/* ---- many ---- */

size_t visml_column_values_scratch(int64_t n) {
    return (size_t)n * 2 * sizeof(uint64_t);
}

int64_t visml_column_values(int64_t n, const float *values, const double *weights, float *different, double *sums, void *scratch) {
    uint64_t *keys = scratch, *spare = keys + n;
    int64_t present = 0, count = 0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(values[i]))
            keys[present++] = (uint64_t)visml_float_key(values[i]) << 32 | (uint64_t)i;
    visml_sort_keys(present, keys, spare);
    for (int64_t i = 0; i < present; i++) {
        double weight = weights ? weights[keys[i] & 0xffffffffU] : 1;
        if (i > 0 && keys[i] >> 32 == keys[i - 1] >> 32) {
            sums[count - 1] += weight;
            continue;
        }
        different[count] = visml_key_float((uint32_t)(keys[i] >> 32));
        sums[count++] = weight;
    }
    return count;
}
