/* Calls of the kernels for products and convolutions, one function a row of kernels.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_PRODUCTS_H
#define KERNEL_TEST_RUNS_PRODUCTS_H

#include "trial.h"

static void run_gemm_blocking(const visml_kernels *k, trial *t) {
    visml_blocking b = k->gemm_blocking();
    (void)t;
    assert_true(b.mr >= 1 && b.mr <= VISML_MAX_MR && b.nr >= 16 && b.nr <= VISML_MAX_NR && b.nr % 16 == 0 && b.mc % b.mr == 0 &&
                b.mc <= VISML_MAX_MC);
}

/* The right factor of a level is as wide as it likes: what lies behind the columns of the block must not matter. */
static float *wide_right(const visml_kernels *k, const float *narrow, int64_t depth, int64_t cols) {
    int64_t nr = k->gemm_blocking().nr;
    float *right = malloc((size_t)(depth + 1) * VISML_MAX_NR * sizeof *right);
    assert_non_null(right);
    for (int64_t p = 0; p < depth; p++)
        for (int64_t j = 0; j < nr; j++)
            right[p * nr + j] = j < cols ? narrow[p * cols + j] : NAN;
    return right;
}

/* One or two rows, up to 16 columns, chains of two runs, every activation and what else becomes of the sums. */
static void run_gemm_block(const visml_kernels *k, trial *t, int turned) {
    int64_t depth = (int64_t)(t->n % 100), rows = 1 + (int64_t)t->n % 2, cols = 1 + (int64_t)t->n % 16, all = rows * cols;
    const float *left = in(t, (size_t)(2 * depth * rows)), *narrow = in(t, (size_t)(2 * depth * cols));
    const float *bias = in(t, (size_t)cols), *residual = in(t, (size_t)all), *scale = in(t, (size_t)cols), *shift = in(t, (size_t)cols);
    const float *gain = in(t, (size_t)cols);
    const int64_t offset[] = {0, cols};
    float *right = wide_right(k, narrow, 2 * depth, cols);
    visml_factors x = {.a = left, .b = right, .ldb = k->gemm_blocking().nr, .k = depth, .segments = 2};
    x.lda = turned ? rows : 2 * depth;
    x.segment = turned ? rows * depth : depth;
    ELEMENTWISE_ACTIVATIONS(a) {
        visml_finish f = {.offset = offset, .rows = (int32_t)rows, .cols = (int32_t)cols, .add = a & 1, .activation = a, .alpha = 0.25f};
        f.c = out(t, (size_t)all);
        f.bias = a == VISML_LINEAR ? NULL : bias;
        f.residual = a == VISML_RELU ? residual : NULL;
        f.scale = a == VISML_TANH ? scale : NULL;
        f.shift = a == VISML_TANH ? shift : NULL;
        f.gain = a == VISML_SIGMOID || a == VISML_RELU6 ? gain : NULL;
        (turned ? k->gemm_cols : k->gemm_rows)(&x, &f);
    }
    free(right);
}

static void run_gemm_rows(const visml_kernels *k, trial *t) {
    run_gemm_block(k, t, 0);
}

static void run_gemm_cols(const visml_kernels *k, trial *t) {
    run_gemm_block(k, t, 1);
}

/* How many rows and columns there are is the level's affair: the first row of 16 columns is compared, all others are to be as that. */
static void run_gemm_wide(const visml_kernels *k, trial *t) {
    visml_blocking b = k->gemm_blocking();
    int64_t depth = (int64_t)(t->n % 100), nr = b.nr, panels = b.wide_panels, cols = panels * nr, offset[VISML_MAX_MR];
    const float *left = in(t, (size_t)depth), *narrow = in(t, (size_t)depth * 16);
    float *rows = malloc((size_t)(depth + 1) * VISML_MAX_MR * sizeof *rows), *right = test_guarded((size_t)(depth * cols) * sizeof *right);
    float *c = test_guarded((size_t)(b.wide_rows * cols) * sizeof *c), *got = out(t, 16);
    assert_true(b.wide_rows >= 1 && b.wide_rows <= b.mr && panels >= 1 && rows);
    for (int64_t i = 0; i < depth * cols; i++)
        right[i] = narrow[i / nr % depth * 16 + i % 16];
    for (int64_t i = 0; i < b.wide_rows; i++) {
        offset[i] = i * cols;
        if (depth)
            memcpy(rows + i * depth, left, (size_t)depth * sizeof *rows);
    }
    visml_factors x = {.a = rows, .b = right, .lda = depth, .ldb = nr, .k = depth, .segments = 1};
    for (int32_t n = 1; n <= b.wide_rows; n++) {
        visml_finish f = {.c = c, .offset = offset, .rows = n, .activation = t->rows % 2 ? VISML_TANH : VISML_RELU6};
        for (int64_t p = 1; p <= panels; p++) {
            k->gemm_wide(&x, p, depth * nr, &f);
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < p * nr; j++)
                    assert_true(same_float(c[i * cols + j], c[j % 16]));
        }
    }
    memcpy(got, c, 16 * sizeof *got);
    test_guarded_free(c, (size_t)(b.wide_rows * cols) * sizeof *c);
    test_guarded_free(right, (size_t)(depth * cols) * sizeof *right);
    free(rows);
}

static void run_copy_rows(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, n = (int64_t)t->n;
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->copy_rows(rows, n, a, n, b, n);
    k->copy_rows(rows, n, NULL, 0, out(t, t->rows * t->n), n);
}

static void run_add_rows(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, n = (int64_t)t->n;
    const float *a = in(t, t->rows * t->n);
    k->add_rows(rows, n, a, n, out(t, t->rows * t->n), n);
    k->add_rows(rows, n, a, n, out(t, t->n + (t->rows ? t->rows - 1 : 0)), 1); /* overlapping */
}

/* Grid [2, 3, 2] over images of 4 x 3 pixels, 2 x 3 taps; all columns and a piece of them; one of two groups of channels. */
static void run_pack_patches(const visml_kernels *k, trial *t) {
    int64_t c = (int64_t)(t->n % 80), all = 6 * c;
    visml_patches p = {.h = 4, .w = 3, .ld = c, .c = c, .gh = 3, .gw = 2, .sy = 1, .sx = 2, .y0 = -1, .x0 = -1, .th = 2, .tw = 3};
    p.ty = p.tx = 1;
    if (!c)
        return;
    p.x = in(t, 24 * (size_t)c);
    k->pack_patches(&p, 0, 12, 0, all, out(t, 12 * (size_t)all), all);
    k->pack_patches(&p, 3, 8, c / 2, all - c, out(t, 8 * (size_t)(all - c)), all - c);
    p.ld = 2 * c;
    p.first = c;
    p.tx = 2;
    p.x = in(t, 48 * (size_t)c);
    k->pack_patches(&p, 1, 11, 1, all - 1, out(t, 11 * (size_t)(all - 1)), all - 1);
}

static void run_transpose(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, cols = (int64_t)t->n;
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->transpose(rows, cols, a, cols, b, rows);
}

/* Ten outputs of 2 rows of `taps` taps on rows of 9 pixels; weights forwards, and backwards with outputs two apart. */
static void depthwise_rows(const visml_kernels *k, trial *t, int64_t taps, int64_t stride, int64_t dilation) {
    int64_t c = (int64_t)(t->n % 80), size = 2 * taps * c;
    visml_depthwise_row r = {.count = 10, .step = c, .c = c, .width = 9, .x0 = -2, .sx = stride, .tx = dilation, .th = 2, .tw = taps};
    const float *x = in(t, 18 * (size_t)c), *w = in(t, (size_t)size), *bias = in(t, (size_t)c), *residual = in(t, 10 * (size_t)c);
    r.row = 9 * c;
    r.wrow = taps * c;
    r.wcol = c;
    k->depthwise(&r, x, w, out(t, 10 * (size_t)c));
    r.wrow = -r.wrow;
    r.wcol = -c;
    r.bias = bias;
    r.residual = residual;
    r.activation = taps == 3 ? VISML_RELU : VISML_LEAKY_RELU;
    r.alpha = 0.25f;
    if (c)
        k->depthwise(&r, x, w + size - c, out(t, 10 * (size_t)c));
}

static void run_depthwise(const visml_kernels *k, trial *t) {
    static const int64_t cases[][3] = {{3, 1, 1}, {3, 2, 1}, {5, 1, 1}, {5, 2, 1}, {2, 1, 1}, {1, 1, 1}, {2, 3, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        depthwise_rows(k, t, cases[i][0], cases[i][1], cases[i][2]);
}

/* Two rows of six outputs on an image of 5 x 7 pixels, 3 x `taps` taps. */
static void run_depthwise_weights(const visml_kernels *k, trial *t) {
    static const int64_t cases[][3] = {{3, 1, 1}, {3, 2, 1}, {5, 1, 1}, {5, 2, 1}, {2, 1, 3}};
    int64_t c = (int64_t)(t->n % 80);
    visml_depthwise_sums s = {.rows = 2, .count = 6, .c = c, .ld = c, .height = 5, .y0 = -1, .sy = 2, .ty = 1, .width = 7, .x0 = -1,
                              .th = 3};
    const float *x = in(t, 35 * (size_t)c), *dy = in(t, 12 * (size_t)c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s.tw = cases[i][0];
        s.sx = cases[i][1];
        s.tx = cases[i][2];
        s.is_far = (int32_t)(i % 2);
        k->depthwise_weights(&s, x, dy, out(t, (size_t)(3 * s.tw * c)));
    }
}

/* Two images of 5 x 6 pixels in tiles, padded in front, or the other way. */
static visml_tiles tiles(const trial *t, int32_t m) {
    int64_t c = (int64_t)(t->n % 80);
    return (visml_tiles){.h = 5, .w = 6, .ld = c, .c = c, .across = (6 + m - 1) / m, .down = (5 + m - 1) / m, .top = 1, .left = 1, .m = m};
}

static size_t tile_count(const visml_tiles *s) {
    return (size_t)(2 * s->across * s->down);
}

static void run_planes(const visml_kernels *k, trial *t, int32_t m, visml_kernel_winograd_input *fn) {
    visml_tiles s = tiles(t, m);
    size_t plane = tile_count(&s) * (size_t)s.c, places = (size_t)((m + 2) * (m + 2));
    const float *x = in(t, (size_t)(60 * s.c));
    (void)k;
    fn(&s, x, 0, (int64_t)tile_count(&s), out(t, places * plane), (int64_t)plane, s.c);
}

static void run_winograd_input(const visml_kernels *k, trial *t) {
    run_planes(k, t, 2, k->winograd_input);
    run_planes(k, t, 4, k->winograd_input);
}

static void run_winograd_gradient(const visml_kernels *k, trial *t) {
    run_planes(k, t, 2, k->winograd_gradient);
    run_planes(k, t, 4, k->winograd_gradient);
}

static void run_winograd_output(const visml_kernels *k, trial *t) {
    for (int32_t m = 2; m <= 4; m += 2) {
        visml_tiles s = tiles(t, m);
        size_t plane = tile_count(&s) * (size_t)s.c, places = (size_t)((m + 2) * (m + 2));
        visml_finish f = {.activation = m == 2 ? VISML_RELU : VISML_LINEAR};
        s.top = s.left = 0;
        const float *v = in(t, places * plane);
        f.bias = in(t, (size_t)s.c);
        f.residual = m == 4 ? in(t, (size_t)(60 * s.c)) : NULL;
        f.c = out(t, (size_t)(60 * s.c));
        k->winograd_output(&s, v, (int64_t)plane, s.c, 0, (int64_t)tile_count(&s), &f);
    }
}

static void run_winograd_weights(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, cols = (int64_t)t->n, size = rows * cols;
    for (int32_t m = 2; m <= 4; m += 2) {
        visml_winograd_weights s = {.rows = rows, .cols = cols, .tap = size, .ld = cols, .plane = size, .ldu = cols, .m = m};
        const float *w = in(t, (size_t)(9 * size));
        k->winograd_weights(&s, w, out(t, (size_t)((m + 2) * (m + 2) * size)));
        s.tap = -size;
        if (size)
            k->winograd_weights(&s, w + 8 * size, out(t, (size_t)((m + 2) * (m + 2) * size)));
    }
}

static void run_winograd_weights_back(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, cols = (int64_t)t->n, size = rows * cols;
    for (int32_t m = 2; m <= 4; m += 2) {
        visml_winograd_weights s = {.rows = rows, .cols = cols, .tap = size, .ld = cols, .plane = size, .ldu = cols, .m = m};
        const float *u = in(t, (size_t)((m + 2) * (m + 2) * size));
        k->winograd_weights_back(&s, u, out(t, (size_t)(9 * size)));
    }
}

#endif
