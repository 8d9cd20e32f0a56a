/* What the kernel tests share: every level that this CPU has, every number of threads, random arrays, guarded scratch. */
#ifndef KERNEL_TEST_LEVELS_H
#define KERNEL_TEST_LEVELS_H

#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "kernel/kernels.h"
#include "kernel/compute.h"

#define MAX_LEVELS 7

typedef struct level {
    const char *name;
    int fused; /* has fused multiply-add: the same bits as the reference */
    visml_kernels kernels;
} level;

/* The reference first. */
static inline size_t all_levels(level out[MAX_LEVELS]) {
    static const struct {
        uint32_t bits;
        const char *name;
    } known[] = {{VISML_CPU_SSE4, "sse4"}, {VISML_CPU_AVX2, "avx2"}, {VISML_CPU_AVX512, "avx512"}, {VISML_CPU_NEON, "neon"},
                 {VISML_CPU_AVX512 | VISML_CPU_VNNI, "vnni"}}; /* VNNI alone has a few kernels, beside those of the reference */
    uint32_t here = visml_cpu_levels();
    size_t n = 1;
    out[0].name = "ref";
    out[0].fused = 1;
    visml_kernels_init(&out[0].kernels, 0);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((here & known[i].bits) != known[i].bits)
            continue;
        visml_kernels_init(&out[n].kernels, known[i].bits);
        if (out[n].kernels.levels != known[i].bits)
            continue; /* not compiled */
        out[n].name = known[i].name;
        out[n].fused = known[i].bits != VISML_CPU_SSE4;
        n++;
    }
    return n;
}

/* Blocks from the last to the first, workers in turn: results that depend on order or on scratch left by another block differ. */
static inline void run_backwards(const visml_parallel *self, size_t n, visml_block *fn, void *arg) {
    for (size_t b = n; b--;)
        fn(arg, b, b * 7 % self->workers);
}

static inline visml_parallel workers(size_t n) {
    return (visml_parallel){run_backwards, NULL, n};
}

/* Three threads that take whatever block is next. */
typedef struct thread_job {
    visml_block *fn;
    void *arg;
    size_t n;
    _Atomic size_t next, worker;
} thread_job;

static inline void *thread_main(void *argument) {
    thread_job *j = argument;
    size_t worker = atomic_fetch_add(&j->worker, 1), b;
    while ((b = atomic_fetch_add(&j->next, 1)) < j->n)
        j->fn(j->arg, b, worker);
    return NULL;
}

static inline void run_on_threads(const visml_parallel *self, size_t n, visml_block *fn, void *arg) {
    thread_job j = {.fn = fn, .arg = arg, .n = n};
    pthread_t ids[3];
    for (size_t i = 0; i < self->workers; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, thread_main, &j), 0);
    for (size_t i = 0; i < self->workers; i++)
        pthread_join(ids[i], NULL);
}

static inline visml_parallel posix_threads(void) {
    return (visml_parallel){run_on_threads, NULL, 3};
}

static inline float *random_array(size_t n, uint64_t seed) {
    float *x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = test_random_float(&seed);
    return x;
}

static inline float *filled_array(size_t n, float value) {
    float *x = malloc((n + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = value;
    return x;
}

/* Scratch that ends at an unreadable page, filled with NaN: nothing may be used that was not written. */
static inline void *scratch_of(size_t bytes) {
    size_t whole = (bytes + 63) & ~(size_t)63;
    float *p = test_guarded(whole);
    for (size_t i = 0; i < whole / sizeof *p; i++)
        p[i] = NAN;
    return p;
}

static inline void scratch_free(void *p, size_t bytes) {
    test_guarded_free(p, (bytes + 63) & ~(size_t)63);
}

/* The same bits; any NaN is as good as another. */
static inline int same_float(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static inline void assert_same(const float *got, const float *want, size_t n, const char *what, const char *where) {
    for (size_t i = 0; i < n; i++)
        if (!same_float(got[i], want[i]))
            fail_msg("%s at %s: element %zu of %zu is %a, not %a", what, where, i, n, (double)got[i], (double)want[i]);
}

/* |got - want| <= factor * 2^-24 * size, size being the sum of the terms' magnitudes. */
static inline void assert_near(float got, double want, double size, double factor, const char *what, size_t i) {
    if (!(fabs((double)got - want) <= factor * 0x1p-24 * size + 1e-42))
        fail_msg("%s: element %zu is %.9g, must be %.9g within %g", what, i, (double)got, want, factor * 0x1p-24 * size);
}

#endif
