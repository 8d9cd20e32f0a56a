#include "support/golden.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 56

/* One record: name (zero-filled), rank and dimensions as int32 [8], then the values; all little-endian. */
typedef struct record {
    char name[NAME_BYTES];
    int32_t rank, count;
    int32_t dims[8];
} record;

test_golden test_golden_open(const char *name) {
    char relative[128];
    snprintf(relative, sizeof relative, "tests/golden/%s", name);
    char *path = test_source(relative);
    test_golden g;
    g.bytes = test_read_file(path, &g.n);
    free(path);
    return g;
}

void test_golden_close(test_golden *g) {
    free(g->bytes);
}

static test_array read_record(const record *r, const unsigned char *values) {
    test_array a = {.rank = r->rank, .count = r->count};
    for (int32_t i = 0; i < r->rank; i++)
        a.dims[i] = r->dims[i];
    a.values = malloc((size_t)(r->count + 1) * sizeof *a.values);
    memcpy(a.values, values, (size_t)r->count * sizeof *a.values);
    return a;
}

test_array test_golden_find(const test_golden *g, const char *format, ...) {
    char name[128];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    for (size_t at = 0; at + sizeof(record) <= g->n;) {
        record r;
        memcpy(&r, g->bytes + at, sizeof r);
        at += sizeof r;
        if (strncmp(r.name, name, NAME_BYTES) == 0)
            return read_record(&r, g->bytes + at);
        at += (size_t)r.count * sizeof(float);
    }
    return (test_array){0};
}

void test_assert_close(const char *what, const float *got, const float *want, int64_t n, double tolerance) {
    double largest = 0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)want[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= tolerance * largest))
            fail_msg("%s[%lld] is %.9g, must be %.9g within %.3g", what, (long long)i, (double)got[i], (double)want[i],
                     tolerance * largest);
}
