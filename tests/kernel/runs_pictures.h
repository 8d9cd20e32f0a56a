/* Calls of the kernels for pictures, features and classifiers, one function a row of kernels.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_PICTURES_H
#define KERNEL_TEST_RUNS_PICTURES_H

#include "trial.h"

#include "kernel/distance.h"
#include "kernel/trees.h"

/* Bytes that end at an unreadable page. */
static uint8_t *bytes_of(trial *t, size_t n) {
    uint8_t *p = test_guarded(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(test_random(&t->seed) >> 8);
    return p;
}

/* What a kernel made of bytes or whole numbers below 2^24 is compared as floats. */
static void keep_bytes(trial *t, uint8_t *p, size_t n) {
    float *kept = out(t, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = p[i];
    test_guarded_free(p, n);
}

static void keep_counts(trial *t, uint32_t *p, size_t n) {
    float *kept = out(t, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = (float)p[i];
    test_guarded_free(p, n * sizeof *p);
}

static uint32_t *counts_of(size_t n) {
    uint32_t *p = test_guarded(n * sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint32_t)i;
    return p;
}

/* ---- arrays as a whole ---- */

#define RUN_REDUCE(name)                                           \
    static void run_##name(const visml_kernels *k, trial *t) {     \
        const float *x = in(t, t->n);                              \
        out(t, 1)[0] = (float)k->name(t->n, x);                    \
    }
RUN_REDUCE(reduce_sum)
RUN_REDUCE(reduce_squares)
RUN_REDUCE(reduce_abs)
RUN_REDUCE(reduce_max)
RUN_REDUCE(reduce_min)
RUN_REDUCE(reduce_argmax)

static void run_reduce_dot(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n), *y = in(t, t->n);
    out(t, 1)[0] = k->reduce_dot(t->n, x, y);
}

/* ---- samples ---- */

static void run_u8_to_nhwc(const visml_kernels *k, trial *t) {
    for (size_t c = 1; c < 36; c = 2 * c + 1) {
        uint8_t *x = bytes_of(t, t->n * c);
        const float *scale = in(t, c), *offset = in(t, c);
        k->u8_to_nhwc((int64_t)t->n, (int64_t)c, x, scale, offset, out(t, t->n * c));
        test_guarded_free(x, t->n * c);
    }
}

static void run_u8_to_nchw(const visml_kernels *k, trial *t) {
    size_t c = t->rows, plane = t->n + 3;
    if (!c)
        return;
    uint8_t *x = bytes_of(t, t->n * c);
    const float *scale = in(t, c), *offset = in(t, c);
    float *y = out(t, plane * c - 3);
    k->u8_to_nchw((int64_t)t->n, (int64_t)c, x, scale, offset, y, (int64_t)plane);
    test_guarded_free(x, t->n * c);
}

/* The scale is a power of 2: sse4 has nothing to round twice. */
static void run_f32_to_u8(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    uint8_t *y = bytes_of(t, t->n);
    k->f32_to_u8(t->n, x, 256, 100, y);
    keep_bytes(t, y, t->n);
}

/* ---- resize ---- */

enum { PLACES = 5, TAPS = 4, SIDE = 9 };

typedef struct some_taps {
    int32_t first[PLACES], count[PLACES], fixed[PLACES * TAPS];
    double real[PLACES * TAPS];
} some_taps;

/* Weights of some places out of SIDE; those of the second sum to more than 1, those of the third to less than 0. */
static visml_taps make_taps(some_taps *s) {
    static const double sums[PLACES] = {1, 1.5, -0.25, 1, 0.5};
    for (int i = 0; i < PLACES; i++) {
        s->count[i] = i % TAPS + 1;
        s->first[i] = i == PLACES - 1 ? SIDE - s->count[i] : i;
        for (int j = 0; j < TAPS; j++) {
            double w = j < s->count[i] ? sums[i] * (2.0 * j + 1) / s->count[i] / s->count[i] : 1000;
            s->real[i * TAPS + j] = w;
            s->fixed[i * TAPS + j] = (int32_t)(w * (1 << VISML_TAP_BITS));
        }
    }
    return (visml_taps){TAPS, s->first, s->count, s->real, s->fixed};
}

/* As many bytes, words or floats: the bytes of random words are random. */
static void run_resample_rows_u8(const visml_kernels *k, trial *t) {
    some_taps s;
    visml_taps taps = make_taps(&s);
    uint8_t *x = bytes_of(t, SIDE * t->n), *y = bytes_of(t, PLACES * t->n);
    int64_t n = (int64_t)t->n;
    for (int i = 0; i < PLACES; i++)
        k->resample_rows_u8(n, s.count[i], n, taps.fixed + i * TAPS, x + s.first[i] * n, y + i * n);
    keep_bytes(t, y, PLACES * t->n);
    test_guarded_free(x, SIDE * t->n);
}

static void run_resample_rows_u16(const visml_kernels *k, trial *t) {
    some_taps s;
    visml_taps taps = make_taps(&s);
    uint8_t *x = bytes_of(t, 2 * SIDE * t->n), *y = bytes_of(t, 2 * PLACES * t->n);
    int64_t n = (int64_t)t->n;
    for (int i = 0; i < PLACES; i++)
        k->resample_rows_u16(n, s.count[i], n, taps.real + i * TAPS, (const uint16_t *)(void *)x + s.first[i] * n,
                             (uint16_t *)(void *)y + i * n);
    keep_bytes(t, y, 2 * PLACES * t->n);
    test_guarded_free(x, 2 * SIDE * t->n);
}

static void run_resample_rows_f32(const visml_kernels *k, trial *t) {
    some_taps s;
    visml_taps taps = make_taps(&s);
    const float *x = in(t, SIDE * t->n);
    float *y = out(t, PLACES * t->n);
    int64_t n = (int64_t)t->n;
    for (int i = 0; i < PLACES; i++)
        k->resample_rows_f32(n, s.count[i], n, taps.real + i * TAPS, x + s.first[i] * n, y + i * n);
}

typedef union resample_call {
    visml_kernel_resample_cols_u8 *u8;
    visml_kernel_resample_cols_u16 *u16;
    visml_kernel_resample_cols_f32 *f32;
} resample_call;

/* 1 ... 16 rows, 1 ... 4 channels. */
static void across_bytes(trial *t, resample_call call, size_t size) {
    some_taps s;
    for (size_t c = 1; c <= 4; c++) {
        int64_t rows = (int64_t)(t->n % 17);
        visml_columns columns = {SIDE, PLACES, (int64_t)c, make_taps(&s)};
        size_t from = (size_t)rows * SIDE * c * size, to = (size_t)rows * PLACES * c * size;
        size_t scratch = ((SIDE + PLACES) * c + 32) * 16 * size;
        uint8_t *x = bytes_of(t, from), *y = bytes_of(t, to), *between = bytes_of(t, scratch);
        if (size == 1)
            call.u8(&columns, rows, x, y, between);
        else
            call.u16(&columns, rows, (const void *)x, (void *)y, between);
        keep_bytes(t, y, to);
        test_guarded_free(x, from);
        test_guarded_free(between, scratch);
    }
}

static void run_resample_cols_u8(const visml_kernels *k, trial *t) {
    across_bytes(t, (resample_call){.u8 = k->resample_cols_u8}, 1);
}

static void run_resample_cols_u16(const visml_kernels *k, trial *t) {
    across_bytes(t, (resample_call){.u16 = k->resample_cols_u16}, 2);
}

static void run_resample_cols_f32(const visml_kernels *k, trial *t) {
    some_taps s;
    for (size_t c = 1; c <= 4; c++) {
        size_t rows = t->n % 17, scratch = ((SIDE + PLACES) * c + 32) * 16 * 4;
        visml_columns columns = {SIDE, PLACES, (int64_t)c, make_taps(&s)};
        const float *x = in(t, rows * SIDE * c);
        uint8_t *between = bytes_of(t, scratch);
        k->resample_cols_f32(&columns, (int64_t)rows, x, out(t, rows * PLACES * c), between);
        test_guarded_free(between, scratch);
    }
}

static void run_resample_pick(const visml_kernels *k, trial *t) {
    int64_t *places = test_guarded(t->n * sizeof *places);
    size_t bytes = (size_t[]){1, 2, 3, 4, 6, 8, 12, 16}[t->n % 8];
    uint8_t *x = bytes_of(t, 7 * bytes), *y = bytes_of(t, t->n * bytes);
    for (size_t i = 0; i < t->n; i++)
        places[i] = (int64_t)(i * 5 % 7);
    k->resample_pick((int64_t)t->n, places, (int64_t)bytes, x, y);
    keep_bytes(t, y, t->n * bytes);
    test_guarded_free(x, 7 * bytes);
    test_guarded_free(places, t->n * sizeof *places);
}

/* ---- colours ---- */

static void run_rgb_to_gray(const visml_kernels *k, trial *t) {
    for (size_t c = 3; c <= 4; c++) {
        uint8_t *x = bytes_of(t, t->n * c), *y = bytes_of(t, t->n);
        k->rgb_to_gray(t->n, (int64_t)c, x, y);
        keep_bytes(t, y, t->n);
        test_guarded_free(x, t->n * c);
    }
}

#define RUN_COLOR(name)                                                        \
    static void run_##name(const visml_kernels *k, trial *t) {                 \
        float *x = in(t, 3 * t->n);                                            \
        for (size_t i = 0; i < 3 * t->n; i++)                                  \
            x[i] = t->special ? x[i] : fabsf(x[i]);                            \
        k->name(t->n, x, out(t, 3 * t->n));                                    \
    }
RUN_COLOR(rgb_to_hsv)
RUN_COLOR(hsv_to_rgb)

/* In hundredths, as sse4 is compared within some units of 1. */
static void run_rgb_to_lab(const visml_kernels *k, trial *t) {
    float *x = in(t, 3 * t->n), *y = out(t, 3 * t->n);
    for (size_t i = 0; i < 3 * t->n; i++)
        x[i] = t->special ? x[i] : fabsf(x[i]);
    k->rgb_to_lab(t->n, x, y);
    for (size_t i = 0; i < 3 * t->n; i++)
        y[i] *= 0x1p-7f;
}

/* ---- counting ---- */

static void run_histogram_u8(const visml_kernels *k, trial *t) {
    for (size_t c = 1; c <= 3; c += 2) {
        uint8_t *x = bytes_of(t, t->n * c);
        uint32_t *counts = counts_of(256 * c);
        k->histogram_u8(t->n, (int64_t)c, x, counts);
        keep_counts(t, counts, 256 * c);
        test_guarded_free(x, t->n * c);
    }
}

static void run_histogram_f32(const visml_kernels *k, trial *t) {
    visml_histogram_range r = {-0.75f, 0.5f, 7 / 1.25f, 7};
    const float *x = in(t, t->n);
    uint32_t *counts = counts_of(7);
    k->histogram_f32(t->n, x, &r, counts);
    keep_counts(t, counts, 7);
}

static void run_histogram_joint(const visml_kernels *k, trial *t) {
    static const int32_t bins[] = {3, 4, 5};
    uint8_t *x = bytes_of(t, t->n * 3);
    uint32_t *counts = counts_of(60);
    k->histogram_joint(t->n, 3, bins, x, counts);
    keep_counts(t, counts, 60);
    test_guarded_free(x, t->n * 3);
}

static void run_bin_numbers(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    int32_t *at = test_guarded(t->n * sizeof *at);
    k->bin_numbers(t->n, x, 4, 2, 5, 1, at);
    k->bin_numbers(t->n, x, 8, 1, 7, 0, at);
    keep_counts(t, (uint32_t *)at, t->n);
}

static void run_count_numbers(const visml_kernels *k, trial *t) {
    int32_t *at = test_guarded(t->n * sizeof *at);
    uint32_t *counts = counts_of(13);
    for (size_t i = 0; i < t->n; i++)
        at[i] = (int32_t)(i * i % 13);
    k->count_numbers(t->n, at, 13, counts);
    keep_counts(t, counts, 13);
    test_guarded_free(at, t->n * sizeof *at);
}

/* ---- sums of powers ---- */

static void run_srgb_linear(const visml_kernels *k, trial *t) {
    float *x = in(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        x[i] = t->special ? x[i] : fabsf(x[i]);
    k->srgb_linear(t->n, x, out(t, t->n));
}

#define RUN_PLANES(name, more)                                                  \
    static void run_##name(const visml_kernels *k, trial *t) {                  \
        uint8_t *x = bytes_of(t, 3 * t->n);                                     \
        float *y = out(t, 3 * t->n), linear[256];                               \
        for (int i = 0; i < 256; i++)                                           \
            linear[i] = (float)i / 255;                                         \
        (void)linear;                                                           \
        if (t->n)                                                               \
            k->name(t->n, x, more y, t->n);                                     \
        for (size_t i = 0; i < 3 * t->n; i++)                                   \
            y[i] *= 0x1p-8f;                                                    \
        test_guarded_free(x, 3 * t->n);                                         \
    }
RUN_PLANES(hsv_planes, )
#define LINEAR linear,
RUN_PLANES(lab_planes, LINEAR)

/* The low 24 bits of sums, which are whole numbers. */
static void keep_sums(trial *t, const uint64_t *sums, size_t n) {
    float *kept = out(t, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = (float)(sums[i] & 0xffffff);
}

static void run_moments_u8(const visml_kernels *k, trial *t) {
    for (size_t c = 1; c <= 5; c++) {
        uint8_t *x = bytes_of(t, t->n * c);
        uint64_t sums[15] = {1, 2, 3};
        k->moments_u8(t->n, (int64_t)c, x, sums);
        keep_sums(t, sums, 3 * c);
        test_guarded_free(x, t->n * c);
    }
}

static void run_moments_f32(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    k->moments_f32(t->n, x, 0.25f, out(t, 3));
}

static void run_products_rgb(const visml_kernels *k, trial *t) {
    uint8_t *x = bytes_of(t, t->n * 3);
    uint64_t sums[9] = {1, 2, 3};
    k->products_rgb(t->n, x, sums);
    keep_sums(t, sums, 9);
    test_guarded_free(x, t->n * 3);
}

static void run_laplacian_u8(const visml_kernels *k, trial *t) {
    uint8_t *a = bytes_of(t, t->n), *x = bytes_of(t, t->n), *b = bytes_of(t, t->n);
    int64_t sums[2] = {1, 2};
    if (t->n)
        k->laplacian_u8((int64_t)t->n, a, x, b, sums);
    keep_sums(t, (const uint64_t *)sums, 2);
    test_guarded_free(a, t->n);
    test_guarded_free(x, t->n);
    test_guarded_free(b, t->n);
}

/* ---- gradients ---- */

static void run_difference(const visml_kernels *k, trial *t) {
    const float *a = in(t, t->n), *b = in(t, t->n);
    k->difference((int64_t)t->n, a, b, out(t, t->n));
}

static void run_strongest(const visml_kernels *k, trial *t) {
    size_t c = t->rows ? t->rows : 1;
    const float *dx = in(t, t->n * c), *dy = in(t, t->n * c);
    float *x = out(t, t->n), *y = out(t, t->n);
    k->strongest((int64_t)t->n, (int64_t)c, dx, dy, x, y);
}

static void run_polar(const visml_kernels *k, trial *t) {
    const float *dx = in(t, t->n), *dy = in(t, t->n);
    float *magnitude = out(t, t->n), *angle = out(t, t->n);
    k->polar((int64_t)t->n, dx, dy, 0, magnitude, angle);
    magnitude = out(t, t->n);
    angle = out(t, t->n);
    k->polar((int64_t)t->n, dx, dy, 1, magnitude, NULL);
    k->polar((int64_t)t->n, dx, dy, 1, NULL, angle);
}

/* n columns of `rows` rows with a border of one pixel, one or three planes. */
static visml_votes votes_of(trial *t, float *weights, const float *cosines, const float *sines) {
    visml_votes v = {.rows = (int64_t)(t->rows % 8), .stride = (int64_t)t->n + 2, .channels = t->rows & 1 ? 3 : 1, .weights = weights,
                     .cosines = cosines, .sines = sines, .bins = 4};
    v.plane = (v.rows + 2) * v.stride;
    v.x = in(t, (size_t)(v.channels * v.plane)) + v.stride + 1;
    return v;
}

static void run_votes(const visml_kernels *k, trial *t) {
    static const float cosines[] = {1, 0.75f, 0, -0.75f}, sines[] = {0, 0.75f, 1, 0.75f};
    float *weights = in(t, 8);
    for (int which = 0; which < 4; which++) {
        visml_votes v = votes_of(t, weights, cosines, sines);
        v.whole = which & 1;
        v.counts = which >> 1;
        v.threshold = 0.25f * (float)(which >> 1);
        k->votes(&v, (int64_t)t->n, out(t, (v.whole ? 8 : 4) * t->n));
    }
}

static void run_vote_totals(const visml_kernels *k, trial *t) {
    static const float cosines[] = {1, 0.75f, 0, -0.75f}, sines[] = {0, 0.75f, 1, 0.75f};
    for (int which = 0; which < 4; which++) {
        visml_votes v = votes_of(t, NULL, cosines, sines);
        v.whole = which & 1;
        v.counts = which >> 1;
        v.threshold = 0.25f * (float)(which >> 1);
        k->vote_totals(&v, (int64_t)t->n, out(t, (v.whole ? 8 : 4) * 16));
    }
}

static void run_vote_moments(const visml_kernels *k, trial *t) {
    visml_votes v = votes_of(t, NULL, NULL, NULL);
    k->vote_moments(&v, (int64_t)t->n, out(t, 8));
}

static void run_fall(const visml_kernels *k, trial *t) {
    size_t n = t->n, size = 9 * (n + 1);
    uint8_t *x = bytes_of(t, size);
    uint32_t *sums = counts_of(4 * n);
    k->fall(&(visml_fall){x, 9, (int64_t)n + 1, (int64_t)n, (int32_t *)(void *)sums});
    keep_counts(t, sums, 4 * n);
    test_guarded_free(x, size);
}

/* ---- distances ---- */

static void run_row_pairs(const visml_kernels *k, trial *t) {
    for (int32_t kind = VISML_DISTANCE_L2; kind <= VISML_DISTANCE_INTERSECTION; kind++) {
        visml_row_pairs p = {.n = 2, .m = (int64_t)t->rows % 8, .d = (int64_t)t->n, .lda = (int64_t)t->n + 1, .ldb = (int64_t)t->n};
        p.ldo = p.m + 2;
        float *a = in(t, 2 * t->n + 1), *b = in(t, (size_t)p.m * t->n);
        for (size_t i = 0; i < 2 * t->n + 1; i++)
            a[i] = kind == VISML_DISTANCE_CHI2 && !t->special ? fabsf(a[i]) + 0.5f : a[i];
        for (size_t i = 0; i < (size_t)p.m * t->n; i++)
            b[i] = kind == VISML_DISTANCE_CHI2 && !t->special ? fabsf(b[i]) : b[i];
        p.a = a;
        p.b = b;
        p.out = out(t, (size_t)(p.ldo + p.m));
        k->row_pairs(kind, &p);
    }
}

static void run_finish_pairs(const visml_kernels *k, trial *t) {
    float *bb = in(t, t->n), *x = out(t, t->n), *y = out(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        bb[i] = fabsf(bb[i]) + (t->special ? 0 : 0.25f);
    k->finish_pairs(VISML_DISTANCE_L2, (int64_t)t->n, 0.75f, bb, x);
    k->finish_pairs(VISML_DISTANCE_COSINE, (int64_t)t->n, 0.75f, bb, y);
}

/* ---- trees ---- */

enum { NODES = 15, TREES = 3, FEATURES = 5 };

/* Three trees: one of three levels, one of a single leaf, one of a chain. */
static void make_trees(trial *t, visml_tree_node node[NODES]) {
    static const int32_t left[NODES] = {1, 3, 5, -1, -1, -1, -1, -1, 9, 10, -1, 12, -1, -1, -1};
    static const int32_t right[NODES] = {2, 4, 6, -1, -1, -1, -1, -1, 11, 13, -1, 14, -1, -1, -1};
    for (int i = 0; i < NODES; i++) {
        uint32_t r = test_random(&t->seed);
        int32_t feature = (int32_t)(r % FEATURES) | (r & 1 << 20 ? VISML_TREE_DEFAULT_LEFT : 0);
        node[i] = (visml_tree_node){left[i] < 0 ? VISML_TREE_LEAF : feature, test_random_float(&t->seed), left[i], right[i]};
    }
}

static void run_tree_sums(const visml_kernels *k, trial *t) {
    static const int32_t roots[TREES] = {0, 7, 8};
    visml_tree_node *node = test_guarded(NODES * sizeof *node);
    make_trees(t, node);
    for (int64_t groups = 1; groups <= 2; groups++) {
        visml_trees f = {node, roots, TREES, groups, NODES, FEATURES, 0};
        visml_tree_rows r = {(int64_t)t->n, FEATURES + 2, NULL, NULL};
        r.x = in(t, t->n ? t->n * (FEATURES + 2) - 2 : 0);
        k->tree_sums(&r, &f, out(t, t->n * (size_t)groups));
        float *turned = out(t, (FEATURES + VISML_TREE_SMALL) * VISML_TREE_LANES);
        memcpy(turned, in(t, FEATURES * VISML_TREE_LANES), FEATURES * VISML_TREE_LANES * sizeof *turned);
        visml_tree_rows by_columns = {VISML_TREE_LANES, 0, NULL, turned};
        k->tree_sums(&by_columns, &f, out(t, VISML_TREE_LANES * (size_t)groups));
    }
    test_guarded_free(node, NODES * sizeof *node);
}

static void run_tree_leaves(const visml_kernels *k, trial *t) {
    static const int32_t roots[TREES] = {0, 7, 8};
    visml_tree_node *node = test_guarded(NODES * sizeof *node);
    uint32_t *leaves = counts_of(t->n * TREES);
    make_trees(t, node);
    visml_trees f = {node, roots, TREES, 1, NODES, FEATURES, 0};
    visml_tree_rows r = {(int64_t)t->n, FEATURES, in(t, t->n * FEATURES), NULL};
    k->tree_leaves(&r, &f, (int32_t *)leaves);
    keep_counts(t, leaves, t->n * TREES);
    test_guarded_free(node, NODES * sizeof *node);
}

/* ---- texture ---- */

static void run_lbp_8(const visml_kernels *k, trial *t) {
    uint8_t *codes = bytes_of(t, t->n);
    const float *above = in(t, t->n + 2), *here = in(t, t->n + 2), *below = in(t, t->n + 2);
    k->lbp_8((int64_t)t->n, above + 1, here + 1, below + 1, codes);
    keep_bytes(t, codes, t->n);
}

/* What is found within 20 samples, and what is not. */
static void run_least_parabolas(const visml_kernels *k, trial *t) {
    enum { REACH = 20 };
    for (int far = 0; far < 2; far++) {
        float *x = in(t, t->n + 2 * REACH);
        for (size_t i = 0; i < t->n + 2 * REACH; i++)
            x[i] = floorf(fabsf(x[i]) * 200) + (float)(far * 300);
        float *y = out(t, t->n);
        out(t, 1)[0] = (float)k->least_parabolas((int64_t)t->n, REACH, x + REACH, y);
    }
}

/* Both parts, then the even one alone; pixels of 1 and of 3 samples. */
static void run_even_odd(const visml_kernels *k, trial *t) {
    for (size_t reach = 0; reach < 6; reach += reach < 2 ? 1 : 3) {
        const float *even = in(t, reach + 1), *odd = in(t, reach + 1);
        for (size_t stride = 1; stride < 5; stride += 2) {
            visml_even_odd f = {(int64_t)reach, (int64_t)stride, even, odd, NULL, NULL};
            const float *x = in(t, t->n + 2 * reach * stride);
            f.to_even = out(t, t->n);
            f.to_odd = out(t, t->n);
            k->even_odd(&f, (int64_t)t->n, x + reach * stride);
            f.odd = NULL;
            f.to_even = out(t, t->n);
            k->even_odd(&f, (int64_t)t->n, x + reach * stride);
        }
    }
}

/* ---- augmentation ---- */

/* Two rows of n pixels out of 5 x 7, all fill modes, with and without interpolation. */
static void run_warp_row(const visml_kernels *k, trial *t) {
    for (int64_t c = 1; c <= 4; c++)
        for (int32_t fill = VISML_WARP_REFLECT; fill <= VISML_WARP_WRAP; fill++) {
            visml_warp w = {5, 7, c, {0.83, -0.4, 1.7, 0.31, 1.21, -3.3}, fill, fill % 2, 0.25f};
            const float *x = in(t, 35 * (size_t)c);
            k->warp_row(&w, 0, (int64_t)t->n, x, out(t, t->n * (size_t)c));
            w.nearest = !w.nearest;
            k->warp_row(&w, 11, (int64_t)t->n, x, out(t, t->n * (size_t)c));
        }
}

static void run_tone(const visml_kernels *k, trial *t) {
    for (size_t c = 1; c <= 16; c += c < 4 ? 1 : 12) {
        const float *from = in(t, c), *gain = in(t, c), *to = in(t, c);
        visml_tone tone = {from, gain, to, -0.75f, 0.5f};
        k->tone((int64_t)t->n, (int64_t)c, &tone, out(t, t->n * c));
    }
}

#endif
