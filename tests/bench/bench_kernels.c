/* The library's own side: its kernels as they are, without layers or models around them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_side.h"
#include "context/context.h"
#include "kernel/conv2d.h"
#include "kernel/gemm.h"

struct bench_side {
    visml_context *context;
    visml_compute compute;
    char kernel[64];
    void (*run)(bench_side *s);
    visml_gemm gemm;
    visml_conv2d_geometry conv;
    const float *x, *w, *dy;
    float *out;
    size_t out_count;
    void *scratch, *packed;
};

const char *bench_version(void) {
    return visml_version_string();
}

static void name_levels(bench_side *s) {
    static const struct {
        uint32_t bit;
        const char *name;
    } levels[] = {{VISML_CPU_SSE4, "sse4"}, {VISML_CPU_AVX2, "avx2"}, {VISML_CPU_AVX512, "avx512"}, {VISML_CPU_NEON, "neon"}};
    const char *name = "ref";
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (s->compute.kernels->levels & levels[i].bit)
            name = levels[i].name;
    strcpy(s->kernel, name);
}

bench_side *bench_new(int32_t threads, uint32_t cpu_mask) {
    bench_side *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->context = visml_context_new(VISML_OPTS(visml_context_opts, .threads = threads, .cpu_mask = cpu_mask), NULL);
    if (!s->context) {
        free(s);
        return NULL;
    }
    s->compute = visml_context_compute(s->context);
    name_levels(s);
    return s;
}

static void forget(bench_side *s) {
    free(s->out);
    free(s->scratch);
    free(s->packed);
    s->out = s->scratch = s->packed = NULL;
    s->run = NULL;
}

void bench_free(bench_side *s) {
    if (!s)
        return;
    forget(s);
    visml_context_free(s->context);
    free(s);
}

const char *bench_kernel(const bench_side *s) {
    return s->kernel;
}

/* Both are touched once, so that no run pays for first use of their pages. */
static int32_t take_memory(bench_side *s, size_t out_count, size_t scratch, void (*run)(bench_side *s)) {
    size_t out = (out_count * sizeof *s->out + 127) & ~(size_t)63;
    scratch = (scratch + 127) & ~(size_t)63;
    s->out_count = out_count;
    s->out = aligned_alloc(64, out);
    s->scratch = aligned_alloc(64, scratch);
    if (!s->out || !s->scratch) {
        forget(s);
        return -1;
    }
    memset(s->out, 0, out);
    memset(s->scratch, 0, scratch);
    s->run = run;
    return 0;
}

/* ---- operations ---- */

static void run_gemm(bench_side *s) {
    visml_gemm_run(&s->compute, &s->gemm, s->scratch);
}

int32_t bench_gemm(bench_side *s, int64_t m, int64_t n, int64_t k, int32_t trans_a, int32_t trans_b, const float *a, const float *b) {
    forget(s);
    s->gemm = (visml_gemm){.m = m, .n = n, .k = k, .a = a, .b = b, .trans_a = trans_a, .trans_b = trans_b};
    s->gemm.lda = trans_a ? m : k;
    s->gemm.ldb = trans_b ? k : n;
    s->gemm.ldc = n;
    if (take_memory(s, (size_t)(m * n), visml_gemm_scratch(&s->compute, &s->gemm), run_gemm) < 0)
        return -1;
    s->gemm.c = s->out;
    return 0;
}

static void run_forward(bench_side *s) {
    visml_conv2d_forward(&s->compute, &s->conv, s->x, NULL, s->packed, s->out, NULL, s->scratch);
}

static void run_data(bench_side *s) {
    visml_conv2d_backward_data(&s->compute, &s->conv, s->dy, s->w, s->out, s->scratch);
}

static void run_weights(bench_side *s) {
    visml_conv2d_backward_weights(&s->compute, &s->conv, s->x, s->dy, s->out, NULL, s->scratch);
}

/* As a session keeps them; oneDNN's, too, are put into its own order before the clock runs. */
static int32_t pack_weights(bench_side *s) {
    size_t bytes = (visml_conv2d_packed_bytes(&s->compute, &s->conv) + 127) & ~(size_t)63;
    s->packed = aligned_alloc(64, bytes);
    if (!s->packed)
        return -1;
    visml_conv2d_pack(&s->compute, &s->conv, s->w, s->packed);
    return 0;
}

int32_t bench_conv2d(bench_side *s, const int64_t geometry[BENCH_GEOMETRY], int32_t what, const float *x, const float *w,
                     const float *dy) {
    const int64_t *d = geometry;
    visml_conv2d_geometry g = {.n = d[BENCH_N], .h = d[BENCH_H], .w = d[BENCH_W], .c = d[BENCH_C], .oh = d[BENCH_OH], .ow = d[BENCH_OW],
                               .f = d[BENCH_F], .kh = d[BENCH_KH], .kw = d[BENCH_KW], .sh = d[BENCH_SH], .sw = d[BENCH_SW],
                               .dh = d[BENCH_DH], .dw = d[BENCH_DW], .top = d[BENCH_TOP], .left = d[BENCH_LEFT],
                               .groups = d[BENCH_GROUPS]};
    forget(s);
    s->conv = g;
    s->x = x;
    s->w = w;
    s->dy = dy;
    if (what == BENCH_FORWARD)
        return pack_weights(s) < 0 ? -1
                                   : take_memory(s, (size_t)(g.n * g.oh * g.ow * g.f), visml_conv2d_forward_scratch(&s->compute, &g),
                                                 run_forward);
    if (what == BENCH_BACKWARD_DATA)
        return take_memory(s, (size_t)(g.n * g.h * g.w * g.c), visml_conv2d_backward_data_scratch(&s->compute, &g), run_data);
    return take_memory(s, (size_t)(g.kh * g.kw * (g.c / g.groups) * g.f), visml_conv2d_backward_weights_scratch(&s->compute, &g),
                       run_weights);
}

double bench_run(bench_side *s, int64_t times) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int64_t i = 0; i < times; i++)
        s->run(s);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

void bench_result(bench_side *s, float *to) {
    memcpy(to, s->out, s->out_count * sizeof *to);
}
