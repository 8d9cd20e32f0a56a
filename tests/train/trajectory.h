/* seed-cnn without dropout with weights and batches that tests/golden/make_loss_trajectory.py makes too. */
#ifndef TRAIN_TRAJECTORY_H
#define TRAIN_TRAJECTORY_H

#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "visml/model.h"

#define STEPS 50
#define BATCH 32
#define SIDE 32
#define CHANNELS 3
#define PIXELS (SIDE * SIDE * CHANNELS)
#define CLASSES 10

/* Steele, Lea and Flood 2014: number i of a sequence. */
static inline uint64_t splitmix(uint64_t seed, uint64_t i) {
    uint64_t z = (seed + i) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Sample `row` of batch `step`: bright and dark stripes with noise. */
static inline int32_t trajectory_sample(int64_t step, int64_t row, unsigned char *pixels) {
    uint64_t seed = (uint64_t)(1000 + step) << 32, at = (uint64_t)row * (4 + PIXELS) + 1;
    int64_t k = (int64_t)(splitmix(seed, at) >> 33) % CLASSES, phase = (int64_t)(splitmix(seed, at + 1) >> 33) % 8;
    int64_t colour = (int64_t)(splitmix(seed, at + 2) >> 33) % 8;
    for (int64_t i = 0; i < PIXELS; i++) {
        int64_t c = i % CHANNELS, x = i / CHANNELS % SIDE, y = i / CHANNELS / SIDE;
        int64_t bright = ((k % 4 * y + (k / 4 + 1) * x + phase) / 4 + (colour >> c)) % 2;
        pixels[i] = (unsigned char)(bright * 192 + (int64_t)(splitmix(seed, at + 4 + (uint64_t)i) >> 33) % 32);
    }
    return (int32_t)k;
}

static inline void trajectory_kernel(visml_model *m, const visml_param *p, uint64_t number) {
    const visml_param_spec *s = p->spec;
    double limit = sqrt(6.0 / (double)(s->fan_in + s->fan_out));
    for (size_t i = 0; i < p->count; i++)
        m->values[p->offset + i] = (real)(float)(((double)(splitmix(number << 32, i + 1) >> 40) * 0x1p-23 - 1.0) * limit);
}

static inline visml_model *trajectory_model(visml_context *ctx) {
    visml_error err = {0};
    visml_model *m = visml_model_new(ctx, VISML_SHAPE(SIDE, SIDE, CHANNELS), &err);
    visml_model_add(m, visml_rescaling(ctx, VISML_OPTS(visml_rescaling_opts, .scale = 1.0 / 255), &err), &err);
    for (int32_t filters = 32; filters <= 128; filters *= 2) {
        visml_conv2d_opts conv = {.size = sizeof conv, .filters = filters, .kernel_size = {3, 3}, .activation = VISML_RELU};
        conv.padding = VISML_SAME;
        visml_model_add(m, visml_conv2d(ctx, &conv, &err), &err);
        visml_model_add(m, visml_batchnorm(ctx, NULL, &err), &err);
        conv.padding = VISML_VALID;
        visml_model_add(m, visml_conv2d(ctx, &conv, &err), &err);
        visml_model_add(m, visml_maxpool2d(ctx, NULL, &err), &err);
    }
    visml_model_add(m, visml_flatten(ctx, NULL, &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = 512, .activation = VISML_RELU), &err), &err);
    visml_model_add(m, visml_dense(ctx, VISML_OPTS(visml_dense_opts, .units = CLASSES, .activation = VISML_SOFTMAX), &err), &err);
    assert_ok(visml_model_build(m, 0, &err), &err);
    uint64_t number = 0;
    for (size_t i = 0; i < m->param_count; i++)
        if (strcmp(m->params[i].spec->name, "kernel") == 0)
            trajectory_kernel(m, &m->params[i], ++number);
    return m;
}

/* Column 0 or 1 of the file. */
static inline void trajectory_golden(int column, double losses[STEPS]) {
    char *path = test_source("tests/golden/loss_trajectory.txt");
    size_t n;
    char *text = test_read_file(path, &n), *p = text;
    for (int i = 0; i < STEPS; i++) {
        while (*p == '#')
            p = strchr(p, '\n') + 1;
        double values[2];
        for (int c = 0; c < 2; c++)
            values[c] = strtod(p, &p);
        losses[i] = values[column];
        p = strchr(p, '\n') + 1;
    }
    free(text);
    free(path);
}

/* Says all that differ, and fails if any does. */
static inline void trajectory_compare(const double *got, const double *want, double tolerance) {
    double largest = 0;
    int bad = 0;
    for (int i = 0; i < STEPS; i++) {
        double d = fabs(got[i] - want[i]) / want[i];
        largest = fmax(largest, d);
        if (!(d <= tolerance)) {
            bad = 1;
            print_error("step %d: the loss is %.9g, must be %.9g; relative difference %.2g\n", i, got[i], want[i], d);
        }
    }
    print_message("largest relative difference %.2g\n", largest);
    assert_false(bad);
}

#endif
