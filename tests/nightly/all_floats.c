/* exp, log, tanh and the logistic function of every float there is (2^32), at each level of this CPU, against the C library's
 * double: the largest error in units of the last place, and where. What is called exact is wrong by a few units of a double's last place at
 * most, 2^-27 of a float's: what is printed is true to 4 digits. Some minutes a function.
 *
 *     all_floats [function [threads [levels ...]]]     function: exp, log, tanh, logistic or all
 *
 * Default: all, on one thread, at all levels. The reference takes by far the longest.
 *
 * Exit status 1 when a function exceeds what kernel/vec_math.h says. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "kernel/kernels.h"
#include "visml/nn.h"

#define BLOCK 65536
#define MAX_THREADS 32
#define MAX_LEVELS 5

typedef struct function {
    const char *name;
    double (*exact)(double);
    void (*apply)(const visml_kernels *k, size_t n, const float *x, float *y);
    double bound, unfused; /* unfused: at sse4 */
} function;

typedef struct worst {
    double ulp;
    float x, got;
    double want;
    uint64_t wrong; /* NaN, infinity or sign of zero where it must not be, or not where it must */
    float first_wrong;
} worst;

typedef struct level {
    const char *name;
    uint32_t bit;
    visml_kernels kernels;
} level;

typedef struct job {
    const function *f;
    const level *levels;
    size_t n;
    _Atomic uint32_t next;
} job;

typedef struct part {
    job *j;
    worst w[MAX_LEVELS];
} part;

static double logistic(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static void apply_exp(const visml_kernels *k, size_t n, const float *x, float *y) {
    k->exp(n, x, y);
}

static void apply_log(const visml_kernels *k, size_t n, const float *x, float *y) {
    k->log(n, x, y);
}

static void apply_tanh(const visml_kernels *k, size_t n, const float *x, float *y) {
    k->activate(VISML_TANH, 0, n, x, y);
}

static void apply_logistic(const visml_kernels *k, size_t n, const float *x, float *y) {
    k->activate(VISML_SIGMOID, 0, n, x, y);
}

/* |got - want| in units of the last place of want, as if it were a float without rounding; the smallest unit is 2^-149. */
static double ulps(float got, double want) {
    uint64_t bits;
    memcpy(&bits, &want, sizeof bits);
    int exponent = (int)(bits >> 52 & 2047) - 1023, unit = exponent - 23 < -149 ? -149 : exponent - 23;
    uint64_t scale = (uint64_t)(1023 - unit) << 52;
    double inverse;
    memcpy(&inverse, &scale, sizeof inverse);
    return fabs((double)got - want) * inverse;
}

/* Infinite is right from half a unit behind the largest float on, and may be said from one unit on; nothing else has no number. */
static void look(worst *w, float x, float got, double want) {
    if (isnan(want) || isnan(got)) {
        if (isnan(want) && isnan(got))
            return;
    } else if (isinf(got) || isinf(want)) {
        if ((double)got == want || (isinf(got) && fabs(want) >= 0x1.ffffffp127 && !signbit(got) == !signbit(want)))
            return;
    } else {
        double u = ulps(got, want);
        if (u > w->ulp)
            *w = (worst){u, x, got, want, w->wrong, w->first_wrong};
        if (got != 0 || want != 0 || !signbit(got) == !signbit(want))
            return;
    }
    if (!w->wrong++)
        w->first_wrong = x;
}

/* What is exact is computed once for all levels. */
static void *run_part(void *argument) {
    part *p = argument;
    const function *f = p->j->f;
    float *x = malloc(BLOCK * sizeof *x), *y = malloc(BLOCK * sizeof *y);
    double *want = malloc(BLOCK * sizeof *want);
    if (!x || !y || !want)
        exit(2);
    for (uint32_t b; (b = atomic_fetch_add(&p->j->next, 1)) < 65536;) {
        for (uint32_t i = 0; i < BLOCK; i++) {
            uint32_t bits = b * BLOCK + i;
            memcpy(&x[i], &bits, sizeof bits);
            want[i] = f->exact((double)x[i]);
        }
        for (size_t l = 0; l < p->j->n; l++) {
            f->apply(&p->j->levels[l].kernels, BLOCK, x, y);
            for (uint32_t i = 0; i < BLOCK; i++)
                look(&p->w[l], x[i], y[i], want[i]);
        }
    }
    free(x);
    free(y);
    free(want);
    return NULL;
}

static int report(const function *f, const level *l, const worst *w) {
    double bound = l->bit == VISML_CPU_SSE4 ? f->unfused : f->bound;
    int bad = w->wrong || !(w->ulp <= bound);
    printf("%-8s %-7s %.4f ulp at %a: %a for %a; bound %g", f->name, l->name, w->ulp, (double)w->x, (double)w->got, w->want, bound);
    if (w->wrong)
        printf("; %llu wrong, one is %a", (unsigned long long)w->wrong, (double)w->first_wrong);
    printf("%s\n", bad ? "  FAILED" : "");
    fflush(stdout);
    return bad;
}

static int run(const function *f, const level *levels, size_t n, int threads) {
    job j = {.f = f, .levels = levels, .n = n};
    part parts[MAX_THREADS] = {{0}};
    pthread_t ids[MAX_THREADS];
    int bad = 0;
    for (int t = 0; t < threads; t++) {
        parts[t].j = &j;
        if (pthread_create(&ids[t], NULL, run_part, &parts[t]))
            exit(2);
    }
    for (int t = 0; t < threads; t++)
        pthread_join(ids[t], NULL);
    for (size_t l = 0; l < n; l++) {
        worst w = parts[0].w[l];
        for (int t = 1; t < threads; t++) {
            const worst *other = &parts[t].w[l];
            uint64_t wrong = w.wrong + other->wrong;
            float first = w.wrong ? w.first_wrong : other->first_wrong;
            w = other->ulp > w.ulp ? *other : w;
            w.wrong = wrong;
            w.first_wrong = first;
        }
        bad |= report(f, &levels[l], &w);
    }
    return bad;
}

static const function functions[] = {
    {"exp", exp, apply_exp, 1, 2},
    {"log", log, apply_log, 1, 2},
    {"tanh", tanh, apply_tanh, 1.5, 2.5},
    {"logistic", logistic, apply_logistic, 2.5, 3.5},
};

static int wanted(const char *name, int count, char **names) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return 1;
    return count <= 0;
}

static size_t levels_here(level out[MAX_LEVELS], int count, char **names) {
    static const level all[MAX_LEVELS] = {
        {"ref", 0, {0}}, {"sse4", VISML_CPU_SSE4, {0}}, {"avx2", VISML_CPU_AVX2, {0}}, {"avx512", VISML_CPU_AVX512, {0}},
        {"neon", VISML_CPU_NEON, {0}}};
    size_t n = 0;
    for (size_t l = 0; l < MAX_LEVELS; l++) {
        out[n] = all[l];
        visml_kernels_init(&out[n].kernels, all[l].bit & visml_cpu_levels());
        n += out[n].kernels.levels == all[l].bit && wanted(all[l].name, count, names);
    }
    return n;
}

int main(int argc, char **argv) {
    int threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1, bad = 0;
    level levels[MAX_LEVELS];
    size_t n = levels_here(levels, argc - 3, argv + 3);
    if (threads < 1 || threads > MAX_THREADS)
        return 2;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (argc < 2 || strcmp(argv[1], "all") == 0 || strcmp(argv[1], functions[i].name) == 0)
            bad |= run(&functions[i], levels, n, threads);
    return bad;
}
