/* Convolutions on bytes against those on floats, one thread: thousand millions of operations a second of CPU time, the best of many runs.
 *
 *     bench_quantized [filter]     only lines that contain the text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "context/context.h"
#include "kernel/conv2d.h"
#include "kernel/kernels.h"
#include "kernel/qproduct.h"

#define SECONDS 0.3 /* for one figure */

typedef struct bench {
    visml_compute compute;
    visml_conv2d_geometry g;
    visml_qconv2d q;
    float *x, *w, *y;
    uint8_t *bytes_x, *bytes_y;
    void *prepared, *scratch, *scratch_bytes;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
    float *p = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (!p)
        exit(1);
    for (size_t i = 0; i < bytes / sizeof *p; i++)
        p[i] = (float)(i * 2654435761u % 1000) * 1e-3f - 0.5f;
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

static void run_float(bench *b) {
    visml_conv2d_forward(&b->compute, &b->g, b->x, b->w, b->y, NULL, b->scratch);
}

static void run_bytes(bench *b) {
    visml_qconv2d_run(&b->compute, &b->q, b->g.n, b->bytes_x, b->bytes_y, NULL, b->scratch_bytes);
}

static void make(bench *b) {
    const visml_conv2d_geometry *g = &b->g;
    size_t in = (size_t)(g->n * g->h * g->w * g->c), out = (size_t)(g->n * g->oh * g->ow * g->f);
    b->x = memory(in * 4);
    b->w = memory((size_t)(g->kh * g->kw * g->c / g->groups * g->f) * 4);
    b->y = memory(out * 4);
    b->bytes_x = memory(in);
    b->bytes_y = memory(out);
    b->prepared = memory(visml_qconv2d_bytes(g));
    b->scratch = memory(visml_conv2d_forward_scratch(&b->compute, g));
    b->scratch_bytes = memory(visml_qconv2d_scratch(&b->compute, g));
    visml_qconv2d_terms t = {.w = b->w, .x = {0.01f, 117}, .y = {0.2f, 0}, .activation = VISML_RELU};
    visml_qconv2d_prepare(&b->q, g, &t, b->prepared);
}

static void release(bench *b) {
    void *all[] = {b->x, b->w, b->y, b->bytes_x, b->bytes_y, b->prepared, b->scratch, b->scratch_bytes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* k x k, same padding */
static void conv(const char *filter, bench *b, const char *level, int64_t n, int64_t size, int64_t c, int64_t f, int64_t k, int64_t stride,
                 int64_t groups) {
    char what[128];
    snprintf(what, sizeof what, "%-6s %lldx%lld/%lld %lldx%lldx%lld %lld->%lld%s", level, (long long)k, (long long)k, (long long)stride,
             (long long)n, (long long)size, (long long)size, (long long)c, (long long)f, groups > 1 ? " depthwise" : "");
    if (filter && !strstr(what, filter))
        return;
    int64_t out = (size + stride - 1) / stride;
    b->g = (visml_conv2d_geometry){.n = n, .h = size, .w = size, .c = c, .oh = out, .ow = out, .f = f, .kh = k, .kw = k, .sh = stride,
                                   .sw = stride, .dh = 1, .dw = 1, .top = (k - 1) / 2, .left = (k - 1) / 2, .groups = groups};
    double operations = 2e-9 * (double)(n * out * out * k * k * (c / groups) * f);
    make(b);
    double bytes = best_seconds(run_bytes, b), floats = groups > 1 ? 0 : best_seconds(run_float, b);
    printf("%-44s float %7.1f  bytes %7.1f  %5.2f x  %9.3f ms\n", what, floats > 0 ? operations / floats : 0, operations / bytes,
           floats / bytes, bytes * 1e3);
    fflush(stdout);
    release(b);
}

static void bench_level(const char *filter, uint32_t mask, const char *level) {
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .cpu_mask = mask), NULL);
    if (!ctx || visml_context_cpu(ctx) != mask) {
        visml_context_free(ctx);
        return;
    }
    bench b = {.compute = visml_context_compute(ctx)};
    static const int64_t layers[][6] = {
        {32, 32, 3, 32, 3, 1},  {32, 32, 32, 32, 3, 1},  {32, 16, 32, 64, 3, 1},   {32, 16, 64, 64, 3, 1},   {32, 8, 64, 128, 3, 1},
        {32, 8, 128, 128, 3, 1}, {1, 224, 3, 64, 7, 2},  {1, 56, 64, 64, 1, 1},    {1, 56, 64, 64, 3, 1},    {1, 56, 64, 256, 1, 1},
        {1, 28, 128, 128, 3, 1}, {1, 28, 512, 128, 1, 1}, {1, 14, 256, 256, 3, 1}, {1, 14, 1024, 256, 1, 1}, {1, 7, 512, 512, 3, 1},
        {1, 7, 512, 2048, 1, 1}, {1, 112, 32, 64, 1, 1}, {1, 56, 128, 128, 1, 1},  {1, 14, 512, 512, 1, 1},  {32, 1, 2048, 128, 1, 1},
        {1, 1, 2048, 1000, 1, 1},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        conv(filter, &b, level, layers[i][0], layers[i][1], layers[i][2], layers[i][3], layers[i][4], layers[i][5], 1);
    static const int64_t depthwise[][3] = {{112, 32, 1}, {112, 64, 2}, {56, 128, 1}, {28, 256, 1}, {14, 512, 1}, {7, 1024, 1}};
    for (size_t i = 0; i < sizeof depthwise / sizeof *depthwise; i++)
        conv(filter, &b, level, 1, depthwise[i][0], depthwise[i][1], depthwise[i][1], 3, depthwise[i][2], depthwise[i][1]);
    visml_context_free(ctx);
}

int main(int argc, char **argv) {
    const char *filter = argc > 1 ? argv[1] : NULL;
    bench_level(filter, VISML_CPU_AVX2, "avx2");
    bench_level(filter, VISML_CPU_AVX512, "avx512");
    bench_level(filter, VISML_CPU_AVX512 | VISML_CPU_VNNI, "vnni");
    bench_level(filter, VISML_CPU_NEON, "neon");
    return 0;
}
