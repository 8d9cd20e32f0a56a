/* Convolutions and networks on bytes against those on floats, one thread: CPU time, the best of many runs.
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
#include "visml/train.h"

#define SECONDS 0.3 /* for one figure */

typedef struct bench {
    visml_compute compute;
    visml_conv2d_geometry g;
    visml_qconv2d q;
    float *x, *w, *y;
    uint8_t *bytes_x, *bytes_y;
    void *packed, *prepared, *scratch, *scratch_bytes;
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
    visml_conv2d_forward(&b->compute, &b->g, b->x, b->w, b->packed, b->y, NULL, b->scratch);
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
    b->packed = memory(visml_conv2d_packed_bytes(&b->compute, g));
    visml_conv2d_pack(&b->compute, g, b->w, b->packed);
    b->prepared = memory(visml_qconv2d_bytes(g));
    b->scratch = memory(visml_conv2d_forward_scratch(&b->compute, g));
    b->scratch_bytes = memory(visml_qconv2d_scratch(&b->compute, g));
    visml_qconv2d_terms t = {.w = b->w, .x = {0.01f, 117}, .y = {0.2f, 0}, .activation = VISML_RELU};
    visml_qconv2d_prepare(&b->q, g, &t, b->prepared);
}

static void release(bench *b) {
    void *all[] = {b->x, b->w, b->y, b->bytes_x, b->bytes_y, b->packed, b->prepared, b->scratch, b->scratch_bytes};
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

/* ---- networks ---- */

static visml_error err;

static int32_t convolution(visml_model *m, visml_context *c, int32_t from, int32_t f, int32_t k, int32_t stride, int32_t groups,
                           visml_act a) {
    int32_t x = visml_model_apply(m, visml_conv2d(c, VISML_OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {k}, .strides = {stride},
                                                  .padding = VISML_SAME, .no_bias = 1, .groups = groups), &err), &from, 1, &err);
    x = visml_model_apply(m, visml_batchnorm(c, NULL, &err), &x, 1, &err);
    if (a == VISML_LINEAR)
        return x;
    return visml_model_apply(m, visml_activation(c, VISML_OPTS(visml_activation_opts, .activation = a), &err), &x, 1, &err);
}

static int32_t rescaled(visml_model *m, visml_context *c) {
    return visml_model_apply(m, visml_rescaling(c, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &(int32_t){0}, 1, &err);
}

static void classify(visml_model *m, visml_context *c, int32_t x) {
    x = visml_model_apply(m, visml_global_avgpool2d(c, NULL, &err), &x, 1, &err);
    visml_model_apply(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 1000, .activation = VISML_SOFTMAX), &err), &x, 1, &err);
}

/* He et al. 2015, table 1, 50 layers; the stride in the 3 x 3. */
static visml_model *resnet50(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(224, 224, 3), &err);
    int32_t x = convolution(m, c, rescaled(m, c), 64, 7, 2, 1, VISML_RELU);
    const visml_pool2d_opts pool = {.size = (uint32_t)sizeof pool, .pool_size = {3}, .strides = {2}, .padding = VISML_SAME};
    x = visml_model_apply(m, visml_maxpool2d(c, &pool, &err), &x, 1, &err);
    static const int32_t blocks[] = {3, 4, 6, 3};
    for (int32_t stage = 0; stage < 4; stage++)
        for (int32_t i = 0; i < blocks[stage]; i++) {
            int32_t f = 64 << stage, stride = stage && !i ? 2 : 1;
            int32_t shortcut = i ? x : convolution(m, c, x, 4 * f, 1, stride, 1, VISML_LINEAR);
            int32_t y = convolution(m, c, x, f, 1, 1, 1, VISML_RELU);
            y = convolution(m, c, y, f, 3, stride, 1, VISML_RELU);
            y = convolution(m, c, y, 4 * f, 1, 1, 1, VISML_LINEAR);
            x = visml_model_apply(m, visml_add(c, NULL, &err), (int32_t[]){y, shortcut}, 2, &err);
            x = visml_model_apply(m, visml_activation(c, VISML_OPTS(visml_activation_opts, .activation = VISML_RELU), &err), &x, 1, &err);
        }
    classify(m, c, x);
    return m;
}

/* Howard et al. 2017, table 1. */
static visml_model *mobilenet(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(224, 224, 3), &err);
    int32_t x = convolution(m, c, rescaled(m, c), 32, 3, 2, 1, VISML_RELU6), in = 32;
    static const int32_t filters[] = {64, -128, 128, -256, 256, -512, 512, 512, 512, 512, 512, -1024, 1024};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        int32_t f = filters[i] < 0 ? -filters[i] : filters[i];
        x = convolution(m, c, x, in, 3, filters[i] < 0 ? 2 : 1, in, VISML_RELU6);
        x = convolution(m, c, x, f, 1, 1, 1, VISML_RELU6);
        in = f;
    }
    classify(m, c, x);
    return m;
}

static visml_model *seed_cnn(visml_context *c) {
    visml_model *m = visml_model_new(c, VISML_SHAPE(32, 32, 3), &err);
    visml_model_add(m, visml_rescaling(c, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &err);
    for (int32_t f = 32; f <= 128; f *= 2) {
        visml_model_add(m, visml_conv2d(c, VISML_OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {3}, .padding = VISML_SAME,
                                                      .activation = VISML_RELU), &err), &err);
        visml_model_add(m, visml_batchnorm(c, NULL, &err), &err);
        visml_model_add(m, visml_conv2d(c, VISML_OPTS(visml_conv2d_opts, .filters = f, .kernel_size = {3}, .activation = VISML_RELU), &err),
                        &err);
        visml_model_add(m, visml_maxpool2d(c, NULL, &err), &err);
    }
    visml_model_add(m, visml_flatten(c, NULL, &err), &err);
    visml_model_add(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 512, .activation = VISML_RELU), &err), &err);
    visml_model_add(m, visml_dense(c, VISML_OPTS(visml_dense_opts, .units = 10, .activation = VISML_SOFTMAX), &err), &err);
    return m;
}

static double session_seconds(const visml_model *m, int64_t batch, const visml_quantization *q, visml_tensor *x, visml_tensor *y) {
    visml_session *s = visml_session_new(m, VISML_OPTS(visml_session_opts, .max_batch = (int32_t)batch, .quantization = q), &err);
    double best = 1e9, start = now();
    if (!s)
        exit(1);
    do {
        double t = now();
        if (visml_session_run(s, x, y, &err) < 0)
            exit(1);
        t = now() - t;
        best = t < best ? t : best;
    } while (now() - start < 10 * SECONDS);
    visml_session_free(s);
    return best;
}

static void network(const char *filter, visml_context *ctx, const char *level, const char *name, visml_model *(*build)(visml_context *),
                    int64_t batch) {
    char what[128];
    snprintf(what, sizeof what, "%-6s %s, batch of %lld", level, name, (long long)batch);
    if (filter && !strstr(what, filter))
        return;
    visml_model *m = build(ctx);
    if (visml_model_build(m, 1, &err) < 0)
        exit(1);
    visml_shape in = *visml_model_input_shape(m), out = *visml_model_output_shape(m);
    visml_tensor *x = visml_tensor_new(ctx, VISML_U8, VISML_SHAPE(batch, in.dims[0], in.dims[1], in.dims[2]), &err);
    visml_tensor *y = visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(batch, out.dims[0]), &err);
    visml_tensor *labels = visml_tensor_new(ctx, VISML_I32, VISML_SHAPE(batch), &err);
    for (int64_t i = 0; i < visml_tensor_count(x); i++)
        ((uint8_t *)visml_tensor_data(x))[i] = (uint8_t)((uint64_t)i * 2654435761u >> 13);
    memset(visml_tensor_data(labels), 0, (size_t)batch * 4);
    visml_dataset *data = visml_dataset_from_arrays(ctx, x, labels, NULL, 10, &err);
    visml_quantization *q = data ? visml_quantize(m, data, NULL, &err) : NULL;
    if (!q) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    double floats = session_seconds(m, batch, NULL, x, y), bytes = session_seconds(m, batch, q, x, y);
    printf("%-40s floats %9.3f ms  bytes %9.3f ms  %5.2f x\n", what, floats * 1e3, bytes * 1e3, floats / bytes);
    fflush(stdout);
    visml_quantization_free(q);
    visml_dataset_free(data);
    visml_tensor_release(x);
    visml_tensor_release(y);
    visml_tensor_release(labels);
    visml_model_free(m);
}

static void bench_networks(const char *filter, uint32_t mask, const char *level) {
    visml_context *ctx = visml_context_new(VISML_OPTS(visml_context_opts, .threads = 1, .cpu_mask = mask), NULL);
    if (ctx && visml_context_cpu(ctx) == mask) {
        network(filter, ctx, level, "seed-cnn", seed_cnn, 1);
        network(filter, ctx, level, "seed-cnn", seed_cnn, 32);
        network(filter, ctx, level, "ResNet-50", resnet50, 1);
        network(filter, ctx, level, "ResNet-50", resnet50, 4);
        network(filter, ctx, level, "MobileNet", mobilenet, 1);
        network(filter, ctx, level, "MobileNet", mobilenet, 8);
    }
    visml_context_free(ctx);
}

int main(int argc, char **argv) {
    const char *filter = argc > 1 ? argv[1] : NULL;
    static const struct {
        uint32_t mask;
        const char *name;
    } levels[] = {{VISML_CPU_AVX2, "avx2"}, {VISML_CPU_AVX512, "avx512"}, {VISML_CPU_AVX512 | VISML_CPU_VNNI, "vnni"},
                  {VISML_CPU_NEON, "neon"}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        bench_networks(filter, levels[i].mask, levels[i].name);
        bench_level(filter, levels[i].mask, levels[i].name);
    }
    return 0;
}
