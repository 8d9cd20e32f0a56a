/* Golden arrays: what the scripts in tests/golden write with golden.py. All float32, found by name. */
#ifndef SUPPORT_GOLDEN_H
#define SUPPORT_GOLDEN_H

#include "support/support.h"

typedef struct test_golden {
    unsigned char *bytes;
    size_t n;
} test_golden;

typedef struct test_array {
    int32_t rank;
    int64_t dims[8];
    int64_t count;
    float *values; /* malloc; NULL when there is no array of this name */
} test_array;

/* A file of tests/golden, "layers.bin" say. */
test_golden test_golden_open(const char *name);
void test_golden_close(test_golden *g);
/* The array of this name; printf-like. */
test_array test_golden_find(const test_golden *g, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails unless got[i] is within tolerance * max |want| of want[i] for all i. */
void test_assert_close(const char *what, const float *got, const float *want, int64_t n, double tolerance);

#endif
