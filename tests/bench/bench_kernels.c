/* GFLOP/s of matrix products and convolutions at each level of this CPU, the best of several runs.
 *
 *     bench_kernels [filter]     only lines that contain the text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "context/context.h"
#include "kernel/conv2d.h"
#include "kernel/gemm.h"
#include "kernel/kernels.h"

#define SECONDS 0.25 /* for one line */

typedef struct bench {
    visml_compute compute;
    visml_gemm gemm;
    visml_conv2d_geometry conv;
    float *x, *w, *y, *dx, *dw;
    void *scratch;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
    float *p = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (!p)
        exit(1);
    for (size_t i = 0; i < bytes / sizeof *p; i++)
        p[i] = (float)(i * 2654435761u % 1000) * 1e-3f;
    return p;
}

static double best_seconds(void (*run)(bench *b), bench *b) {
    double best = 1e9, start = now();
    run(b);
    do {
        double t = now();
        run(b);
        t = now() - t;
        best = t < best ? t : best;
    } while (now() - start < SECONDS);
    return best;
}

static void report(const char *filter, const char *what, const char *level, int threads, double flops, void (*run)(bench *b), bench *b) {
    char line[200];
    snprintf(line, sizeof line, "%-44s %-7s %d", what, level, threads);
    if (filter && !strstr(line, filter))
        return;
    double s = best_seconds(run, b);
    printf("%s  %8.1f GFLOP/s  %9.3f ms\n", line, flops / s * 1e-9, s * 1e3);
    fflush(stdout);
}

static void run_gemm(bench *b) {
    visml_gemm_run(&b->compute, &b->gemm, b->scratch);
}

static void run_forward(bench *b) {
    visml_conv2d_forward(&b->compute, &b->conv, b->x, b->w, NULL, b->y, NULL, b->scratch);
}

static void run_data(bench *b) {
    visml_conv2d_backward_data(&b->compute, &b->conv, b->y, b->w, b->dx, b->scratch);
}

static void run_weights(bench *b) {
    visml_conv2d_backward_weights(&b->compute, &b->conv, b->x, b->y, b->dw, NULL, b->scratch);
}

static void bench_gemm(const char *filter, bench *b, const char *level, int threads, int64_t m, int64_t n, int64_t k, int ta, int tb) {
    char what[128];
    snprintf(what, sizeof what, "gemm %s%s %lld x %lld x %lld", ta ? "T" : "N", tb ? "T" : "N", (long long)m, (long long)n, (long long)k);
    b->gemm = (visml_gemm){.m = m, .n = n, .k = k, .lda = ta ? m : k, .ldb = tb ? k : n, .ldc = n, .trans_a = ta, .trans_b = tb};
    float *a = memory((size_t)(m * k) * 4), *w = memory((size_t)(k * n) * 4), *c = memory((size_t)(m * n) * 4);
    b->gemm.a = a;
    b->gemm.b = w;
    b->gemm.c = c;
    b->scratch = memory(visml_gemm_scratch(&b->compute, &b->gemm));
    report(filter, what, level, threads, 2.0 * (double)m * (double)n * (double)k, run_gemm, b);
    free(a);
    free(w);
    free(c);
    free(b->scratch);
}

static void bench_conv(const char *filter, bench *b, const char *level, int threads, int64_t n, int64_t size, int64_t c, int64_t f) {
    visml_conv2d_geometry *g = &b->conv;
    char what[160], text[96];
    *g = (visml_conv2d_geometry){.n = n, .h = size, .w = size, .c = c, .oh = size, .ow = size, .f = f, .kh = 3, .kw = 3};
    g->sh = g->sw = g->dh = g->dw = g->top = g->left = g->groups = 1;
    double flops = 2.0 * 9 * (double)(n * size * size * c * f);
    size_t s[3] = {visml_conv2d_forward_scratch(&b->compute, g), visml_conv2d_backward_data_scratch(&b->compute, g),
                   visml_conv2d_backward_weights_scratch(&b->compute, g)};
    size_t most = s[0] > s[1] ? s[0] : s[1];
    b->scratch = memory(most > s[2] ? most : s[2]);
    b->x = memory((size_t)(n * size * size * c) * 4);
    b->dx = memory((size_t)(n * size * size * c) * 4);
    b->y = memory((size_t)(n * size * size * f) * 4);
    b->w = memory((size_t)(9 * c * f) * 4);
    b->dw = memory((size_t)(9 * c * f) * 4);
    snprintf(text, sizeof text, "%lldx%lldx%lld %lld->%lld", (long long)n, (long long)size, (long long)size, (long long)c, (long long)f);
    snprintf(what, sizeof what, "conv 3x3 %s forward", text);
    report(filter, what, level, threads, flops, run_forward, b);
    snprintf(what, sizeof what, "conv 3x3 %s backward data", text);
    report(filter, what, level, threads, flops, run_data, b);
    snprintf(what, sizeof what, "conv 3x3 %s backward weights", text);
    report(filter, what, level, threads, flops, run_weights, b);
    free(b->scratch);
    free(b->x);
    free(b->dx);
    free(b->y);
    free(b->w);
    free(b->dw);
}

static void bench_level(const char *filter, uint32_t mask, const char *level, int threads) {
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = mask), NULL);
    if (!ctx || visml_context_cpu(ctx) != mask) {
        visml_context_free(ctx);
        return;
    }
    bench b = {.compute = visml_context_compute(ctx)};
    for (int64_t n = 256; n <= 1024; n *= 2)
        bench_gemm(filter, &b, level, threads, n, n, n, 0, 0);
    bench_gemm(filter, &b, level, threads, 512, 512, 512, 0, 1);
    bench_gemm(filter, &b, level, threads, 512, 512, 512, 1, 0);
    bench_gemm(filter, &b, level, threads, 128, 512, 8192, 0, 0);
    bench_gemm(filter, &b, level, threads, 128, 8192, 512, 0, 1);
    bench_gemm(filter, &b, level, threads, 8192, 512, 128, 1, 0);
    bench_gemm(filter, &b, level, threads, 1, 512, 8192, 0, 0);
    bench_gemm(filter, &b, level, threads, 32, 512, 4096, 0, 0);
    for (int64_t n = 32; n <= 128; n *= 4) {
        static const int64_t layers[][3] = {{32, 3, 32}, {32, 32, 32}, {16, 32, 64}, {16, 64, 64}, {8, 64, 128}, {8, 128, 128}};
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
            bench_conv(filter, &b, level, threads, n, layers[i][0], layers[i][1], layers[i][2]);
    }
    visml_context_free(ctx);
}

int main(int argc, char **argv) {
    const char *filter = argc > 1 ? argv[1] : NULL;
    static const struct {
        uint32_t mask;
        const char *name;
    } levels[] = {{VISML_CPU_SSE4, "sse4"}, {VISML_CPU_AVX2, "avx2"}, {VISML_CPU_AVX512, "avx512"}, {VISML_CPU_NEON, "neon"}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        for (int threads = 1; threads <= 2; threads++)
            bench_level(filter, levels[i].mask, levels[i].name, threads);
    return 0;
}
