/* Nanoseconds an element of the kernels for pictures, features and classifiers, on one thread, at each level of this CPU: CPU time, the
 * best of many runs.
 *
 *     bench_pictures [filter]     only lines that contain the text */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "context/context.h"
#include "kernel/color.h"
#include "kernel/distance.h"
#include "kernel/gradient.h"
#include "kernel/histogram.h"
#include "kernel/reduce.h"
#include "kernel/samples.h"
#include "kernel/trees.h"
#include "tensor/tensor.h"
#include "visml/image.h"

#define SECONDS 0.1 /* for one line */
#define SIDE 1024
#define PIXELS (SIDE * SIDE)

typedef struct bench {
    visml_context *context;
    visml_compute compute;
    uint8_t *bytes, *gray;
    float *x, *y;
    uint32_t *counts;
    void *scratch;
    visml_tensor *picture, *floats;
    int64_t side;
    int32_t kind, fast;
    visml_trees trees;
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *memory(size_t bytes) {
    uint8_t *p = aligned_alloc(64, (bytes + 127) & ~(size_t)63);
    if (!p)
        exit(1);
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(i * 2654435761u >> 13);
    return p;
}

static void report(const char *filter, const char *what, const char *level, double elements, void (*run)(bench *b), bench *b) {
    char line[100];
    double best = 1e9, start = now();
    snprintf(line, sizeof line, "%-36s %-7s", what, level);
    if (filter && !strstr(line, filter))
        return;
    run(b);
    do {
        double t = now();
        run(b);
        t = now() - t;
        best = t < best ? t : best;
    } while (now() - start < SECONDS);
    printf("%s %9.3f ns each  %9.3f ms\n", line, best / elements * 1e9, best * 1e3);
    fflush(stdout);
}

static const float three[] = {1.0f / 255, 1.0f / 255, 1.0f / 255}, none[] = {-0.5f, -0.4f, -0.3f};

static void run_nhwc(bench *b) { visml_u8_to_nhwc(&b->compute, 1, PIXELS, 3, b->bytes, three, none, b->y); }
static void run_nchw(bench *b) { visml_u8_to_nchw(&b->compute, 1, PIXELS, 3, b->bytes, three, none, b->y); }
static void run_to_u8(bench *b) { visml_f32_to_u8(&b->compute, 3 * PIXELS, b->x, 255, 0, b->bytes); }
static void run_sum(bench *b) { *b->y = visml_reduce_sum(&b->compute, PIXELS, b->x); }
static void run_dot(bench *b) { *b->y = visml_reduce_dot(&b->compute, PIXELS, b->x, b->x + PIXELS); }
static void run_argmax(bench *b) { *b->y = (float)visml_reduce_argmax(&b->compute, PIXELS, b->x); }
static void run_gray(bench *b) { visml_rgb_to_gray(&b->compute, PIXELS, 3, b->bytes, b->gray); }
static void run_color(bench *b) { visml_color_convert_u8(&b->compute, b->kind, PIXELS, b->bytes, b->y); }
static void run_histogram(bench *b) { visml_histogram_u8(&b->compute, PIXELS, 3, b->bytes, b->counts, b->scratch); }
static void run_histogram_f32(bench *b) { visml_histogram_f32(&b->compute, PIXELS, b->x, 0, 1, 64, b->counts, b->scratch); }

static void run_joint(bench *b) {
    static const int32_t bins[] = {8, 8, 8};
    visml_histogram_joint(&b->compute, PIXELS, 3, bins, b->bytes, b->counts, b->scratch);
}

static void run_gradient(bench *b) {
    visml_gradient g = {.h = SIDE, .w = SIDE, .c = 1, .bytes = b->bytes, .border = VISML_BORDER_ZERO, .unsigned_angle = 1};
    g.magnitude = b->y;
    g.angle = b->y + PIXELS;
    visml_gradient_run(&b->compute, &g, b->scratch);
}

static void run_distance(bench *b) {
    visml_distances d = {.kind = b->kind, .by_product = b->fast, .n = 256, .m = 256, .d = 256, .lda = 256, .ldb = 256, .ldo = 256};
    d.a = b->x;
    d.b = b->x + 65536;
    d.out = b->y;
    visml_distances_run(&b->compute, &d, b->scratch);
}

static void run_trees(bench *b) { visml_trees_sum(&b->compute, &b->trees, 8192, b->x, 64, NULL, b->y, b->scratch); }

static void resize(bench *b, visml_tensor *picture, visml_filter filter) {
    visml_tensor *out = visml_image_resize(picture, b->side, b->side, filter, NULL);
    if (!out)
        exit(1);
    visml_tensor_release(out);
}

static void run_resize(bench *b) { resize(b, b->picture, b->kind); }
static void run_resize_f32(bench *b) { resize(b, b->floats, b->kind); }

/* 100 trees of 63 nodes over 64 features. */
static visml_trees forest(void) {
    enum { TREES = 100, NODES = 63 };
    visml_tree_node *node = memory(TREES * NODES * sizeof *node);
    int32_t *roots = memory(TREES * sizeof *roots);
    for (int32_t i = 0; i < TREES * NODES; i++) {
        int32_t at = i % NODES, base = i - at;
        node[i] = (visml_tree_node){at < NODES / 2 ? (int32_t)((uint32_t)i * 2654435761u >> 20) % 64 : VISML_TREE_LEAF,
                                    (float)((uint32_t)i * 40503u % 1000) / 1000, base + 2 * at + 1, base + 2 * at + 2};
        roots[i / NODES] = base;
    }
    return (visml_trees){node, roots, TREES, 1, TREES * NODES, 64, 0};
}

static void bench_resize(const char *filter, bench *b, const char *level) {
    static const char *const names[] = {"bilinear", "nearest", "area"};
    for (b->side = 224; b->side <= 1500; b->side += 1276)
        for (b->kind = 0; b->kind < 3; b->kind++) {
            char what[64];
            double samples = 3.0 * (double)(b->side * b->side);
            snprintf(what, sizeof what, "resize u8 1024 -> %d %s", (int)b->side, names[b->kind]);
            report(filter, what, level, samples, run_resize, b);
            snprintf(what, sizeof what, "resize f32 1024 -> %d %s", (int)b->side, names[b->kind]);
            report(filter, what, level, samples, run_resize_f32, b);
        }
}

static void bench_features(const char *filter, bench *b, const char *level) {
    static const char *const colors[] = {"", "rgb u8 -> hsv f32", "hsv -> rgb (of u8)", "rgb u8 -> lab f32"};
    static const char *const kinds[] = {"", "L2", "L1", "cosine", "chi-square", "intersection"};
    report(filter, "u8 -> f32 nhwc", level, 3 * PIXELS, run_nhwc, b);
    report(filter, "u8 -> f32 nchw", level, 3 * PIXELS, run_nchw, b);
    report(filter, "f32 -> u8", level, 3 * PIXELS, run_to_u8, b);
    report(filter, "sum", level, PIXELS, run_sum, b);
    report(filter, "dot", level, PIXELS, run_dot, b);
    report(filter, "argmax", level, PIXELS, run_argmax, b);
    report(filter, "rgb -> gray", level, PIXELS, run_gray, b);
    for (b->kind = VISML_COLOR_RGB_TO_HSV; b->kind <= VISML_COLOR_RGB_TO_LAB; b->kind++)
        report(filter, colors[b->kind], level, PIXELS, run_color, b);
    report(filter, "histogram u8, 3 channels", level, 3 * PIXELS, run_histogram, b);
    report(filter, "histogram f32, 64 bins", level, PIXELS, run_histogram_f32, b);
    report(filter, "histogram joint 8 x 8 x 8", level, PIXELS, run_joint, b);
    report(filter, "gradient u8", level, PIXELS, run_gradient, b);
    for (b->kind = VISML_DISTANCE_L2; b->kind <= VISML_DISTANCE_INTERSECTION; b->kind++) {
        b->fast = 0;
        report(filter, kinds[b->kind], level, 256.0 * 256 * 256, run_distance, b);
        b->fast = 1;
        char what[64];
        snprintf(what, sizeof what, "%s by product", kinds[b->kind]);
        if (b->kind == VISML_DISTANCE_L2 || b->kind == VISML_DISTANCE_COSINE)
            report(filter, what, level, 256.0 * 256 * 256, run_distance, b);
    }
    report(filter, "100 trees of depth 5, a row and tree", level, 8192.0 * 100, run_trees, b);
}

static void bench_level(const char *filter, uint32_t mask, const char *level) {
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .cpu_mask = mask), NULL);
    if (!ctx || visml_context_cpu(ctx) != (mask & ~(uint32_t)VISML_CPU_REF)) {
        visml_context_free(ctx);
        return;
    }
    bench b = {.context = ctx, .compute = visml_context_compute(ctx)};
    b.bytes = memory(3 * PIXELS);
    b.gray = memory(PIXELS);
    b.x = memory(3 * PIXELS * 4);
    b.y = memory(3 * PIXELS * 4);
    b.counts = memory(4096);
    b.scratch = memory(1 << 24);
    for (size_t i = 0; i < 3 * PIXELS; i++)
        b.x[i] = (float)(i * 2654435761u % 1000) * 1e-3f;
    b.picture = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(SIDE, SIDE, 3), NULL);
    b.floats = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(SIDE, SIDE, 3), NULL);
    if (!b.picture || !b.floats)
        exit(1);
    memcpy(visml_tensor_data(b.picture), b.bytes, 3 * PIXELS);
    memcpy(visml_tensor_data(b.floats), b.x, 3 * PIXELS * 4);
    b.trees = forest();
    bench_features(filter, &b, level);
    bench_resize(filter, &b, level);
    visml_tensor_release(b.picture);
    visml_tensor_release(b.floats);
    visml_context_free(ctx);
}

int main(int argc, char **argv) {
    const char *filter = argc > 1 ? argv[1] : NULL;
    static const struct {
        uint32_t mask;
        const char *name;
    } levels[] = {{VISML_CPU_REF, "ref"},       {VISML_CPU_SSE4, "sse4"}, {VISML_CPU_AVX2, "avx2"},
                  {VISML_CPU_AVX512, "avx512"}, {VISML_CPU_NEON, "neon"}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        bench_level(filter, levels[i].mask, levels[i].name);
    return 0;
}
