/* How fast this machine multiplies and adds, at the width that the kernels use: the 100 % of all other figures.
 *
 * Twelve chains of multiply-adds on registers: more than latency times units of any core, few enough for 16 registers. No memory, so that
 * what is left is the clock and the number of units. Several threads start together, and their speeds are added. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "bench_side.h"
#include "visml/base.h"

#define CHAINS 12
#define STEPS 4096 /* for one look at the clock: some 10 to 50 microseconds */

/* x = x * 0.5 + 0.5 stays between 0.5 and 1: no denormals, no infinities. `keep` makes the compiler believe that each x is looked at.
 * Names, not an array: gcc leaves an array in memory. */
#define EACH(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)
#define START(i) x##i = SET(0.5f + (float)i / 32);
#define NEXT(i) x##i = STEP(x##i, half); KEEP(x##i);
#define BURN(type)                                                    \
    type x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, half = SET(0.5f); \
    EACH(START)                                                       \
    for (int n = 0; n < STEPS; n++) {                                 \
        EACH(NEXT)                                                    \
    }

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>

#define KEEP(v) __asm__ volatile("" : "+v"(v))
#define SET _mm512_set1_ps
#define STEP(v, h) _mm512_fmadd_ps(v, h, h)
__attribute__((target("avx512f"))) static void burn_avx512(void) {
    BURN(__m512)
}
#undef KEEP
#undef SET
#undef STEP

#define KEEP(v) __asm__ volatile("" : "+x"(v))
#define SET _mm256_set1_ps
#define STEP(v, h) _mm256_fmadd_ps(v, h, h)
__attribute__((target("avx2,fma"))) static void burn_avx2(void) {
    BURN(__m256)
}
#undef SET
#undef STEP

#define SET _mm_set1_ps
#define STEP(v, h) _mm_add_ps(_mm_mul_ps(v, h), h)
static void burn_plain(void) {
    BURN(__m128)
}

static void (*burner(uint32_t levels, double *lanes))(void) {
    *lanes = levels & VISML_CPU_AVX512 ? 16 : levels & VISML_CPU_AVX2 ? 8 : 4;
    return levels & VISML_CPU_AVX512 ? burn_avx512 : levels & VISML_CPU_AVX2 ? burn_avx2 : burn_plain;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#define KEEP(v) __asm__ volatile("" : "+w"(v))
#define SET vdupq_n_f32
#define STEP(v, h) vfmaq_f32(h, v, h)
static void burn_neon(void) {
    BURN(float32x4_t)
}

static void (*burner(uint32_t levels, double *lanes))(void) {
    (void)levels;
    *lanes = 4;
    return burn_neon;
}

#else

#define KEEP(v) __asm__ volatile("" : "+m"(v))
#define SET(v) (v)
#define STEP(v, h) ((v) * (h) + (h))
static void burn_scalar(void) {
    BURN(float)
}

static void (*burner(uint32_t levels, double *lanes))(void) {
    (void)levels;
    *lanes = 1;
    return burn_scalar;
}

#endif

typedef struct burn_job {
    pthread_barrier_t *start;
    void (*burn)(void);
    double seconds; /* to run for, then: that it ran for */
    int64_t rounds;
    int32_t place; /* 0 ...: on the CPU of this number among those that the process may use */
} burn_job;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* On a CPU of its own: after a pause Linux may start a thread on a virtual CPU where another one is at work. */
static void take_place(int32_t place) {
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && place-- == 0)
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

static void *work(void *arg) {
    burn_job *j = arg;
    take_place(j->place);
    j->burn(); /* wide vectors need a moment until the clock has settled */
    pthread_barrier_wait(j->start);
    double from = now(), until = from + j->seconds;
    do {
        j->burn();
        j->rounds++;
    } while (now() < until);
    j->seconds = now() - from;
    return NULL;
}

/* All of the threads, or the process ends: the others would wait at the barrier for ever. */
static double measure(burn_job *jobs, pthread_t *threads, int32_t n, double flops) {
    pthread_barrier_t start;
    double rate = 0;
    pthread_barrier_init(&start, NULL, (unsigned)n);
    for (int32_t i = n - 1; i >= 0; i--) {
        jobs[i].start = &start;
        if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
            abort();
    }
    for (int32_t i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        rate += flops * (double)jobs[i].rounds / jobs[i].seconds;
    }
    pthread_barrier_destroy(&start);
    return rate;
}

double bench_peak(int32_t threads, uint32_t levels, double seconds) {
    double lanes, rate = 0;
    void (*burn)(void) = burner(levels, &lanes);
    burn_job *jobs = calloc((size_t)threads, sizeof *jobs);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    for (int32_t i = 0; jobs && i < threads; i++)
        jobs[i] = (burn_job){.burn = burn, .seconds = seconds, .place = i};
    if (jobs && ids)
        rate = measure(jobs, ids, threads, 2.0 * CHAINS * STEPS * lanes);
    free(jobs);
    free(ids);
    return rate;
}
