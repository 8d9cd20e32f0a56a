/* The side of any BLAS that is found at run time: cblas_sgemm of the library and with the name that bench_blas is told. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_side.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TURNED = 112 };

#define SGEMM(name, number)                                                                                                      \
    typedef void name(int order, int ta, int tb, number m, number n, number k, float alpha, const float *a, number lda, const float *b, \
                      number ldb, float beta, float *c, number ldc)
SGEMM(sgemm_32, int32_t);
SGEMM(sgemm_64, int64_t);

struct bench_side {
    int64_t m, n, k;
    int ta, tb;
    const float *a, *b;
    float *c;
};

static sgemm_32 *with_32;
static sgemm_64 *with_64;

/* To be called first. 0, or -1 when there is no such function. Local: two OpenBLAS share most of their names. */
BENCH_EXPORT int32_t bench_blas(const char *path, const char *function, int32_t integers_are_64);
int32_t bench_blas(const char *path, const char *function, int32_t integers_are_64) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL), *found = library ? dlsym(library, function) : NULL;
    if (!found)
        return -1;
    with_32 = NULL;
    with_64 = NULL;
    if (integers_are_64)
        memcpy(&with_64, &found, sizeof found);
    else
        memcpy(&with_32, &found, sizeof found);
    return 0;
}

bench_side *bench_new(int32_t threads, uint32_t cpu_mask) {
    (void)threads;
    (void)cpu_mask;
    return with_32 || with_64 ? calloc(1, sizeof(bench_side)) : NULL;
}

void bench_free(bench_side *s) {
    if (s)
        free(s->c);
    free(s);
}

int32_t bench_gemm(bench_side *s, int64_t m, int64_t n, int64_t k, int32_t trans_a, int32_t trans_b, const float *a, const float *b) {
    free(s->c);
    *s = (bench_side){m, n, k, trans_a ? TURNED : PLAIN, trans_b ? TURNED : PLAIN, a, b, NULL};
    s->c = aligned_alloc(64, ((size_t)(m * n) * sizeof *s->c + 127) & ~(size_t)63);
    return s->c ? 0 : -1;
}

double bench_run(bench_side *s, int64_t times) {
    struct timespec from, to;
    int64_t m = s->m, n = s->n, k = s->k, lda = s->ta == TURNED ? m : k, ldb = s->tb == TURNED ? k : n;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int64_t i = 0; i < times; i++) {
        if (with_64)
            with_64(ROW_MAJOR, s->ta, s->tb, m, n, k, 1, s->a, lda, s->b, ldb, 0, s->c, n);
        else
            with_32(ROW_MAJOR, s->ta, s->tb, (int32_t)m, (int32_t)n, (int32_t)k, 1, s->a, (int32_t)lda, s->b, (int32_t)ldb, 0, s->c,
                    (int32_t)n);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

void bench_result(bench_side *s, float *to) {
    memcpy(to, s->c, (size_t)(s->m * s->n) * sizeof *to);
}
