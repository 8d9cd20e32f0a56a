/* Calls of the kernels on bytes, one function a row of quantized.def: a part of test_kernels.c. */
#ifndef KERNEL_TEST_RUNS_BYTES_H
#define KERNEL_TEST_RUNS_BYTES_H

#include "trial.h"

/* ---- bytes: results are kept as floats, to be compared like the others ---- */

static uint8_t *in_bytes(trial *t, size_t n) {
    uint8_t *p = test_guarded(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)test_random(&t->seed);
    return p;
}

static void keep_as_floats(trial *t, uint8_t *p, size_t n) {
    float *kept = out(t, n);
    for (size_t i = 0; i < n; i++)
        kept[i] = p[i];
    test_guarded_free(p, n);
}

static void run_qblocking(const visml_kernels *k, trial *t) {
    visml_blocking b = k->qblocking();
    (void)t;
    assert_true(b.mr >= 1 && b.mr <= VISML_QMAX_MR && b.nr % VISML_QPANEL == 0 && b.nr >= VISML_QPANEL);
}

/* As run_pack_patches; columns are read back one by one. */
static void run_qpack(const visml_kernels *k, trial *t) {
    int64_t c = (int64_t)(t->n % 80), all = 6 * c, chunks = (all + VISML_QCHUNK - 1) / VISML_QCHUNK, mr = k->qblocking().mr;
    uint8_t *pad = in_bytes(t, (size_t)(3 * c)), *x = in_bytes(t, 48 * (size_t)c), *to = malloc(32 * (size_t)(chunks + 1) * VISML_QCHUNK);
    visml_qpatches p = {.x = x, .pad = pad, .h = 4, .w = 3, .ld = 2 * c, .first = c, .c = c, .gh = 3, .gw = 2, .sy = 1, .sx = 2, .y0 = -1,
                        .x0 = -1, .th = 2, .tw = 3, .ty = 1, .tx = 2};
    for (int joined = 0; c && joined < 2; joined++) {
        float *kept = out(t, 11 * (size_t)all);
        k->qpack(&p, 1, 11, to);
        for (int64_t i = 0; i < 11; i++)
            for (int64_t j = 0; j < all; j++)
                kept[i * all + j] = to[(((i / mr) * chunks + j / VISML_QCHUNK) * mr + i % mr) * VISML_QCHUNK + j % VISML_QCHUNK];
        p.ld = c;
        p.first = 0;
        p.tx = 1;
    }
    test_guarded_free(pad, (size_t)(3 * c));
    test_guarded_free(x, 48 * (size_t)c);
    free(to);
}

/* Five rows of n bytes times 20 columns; floats and bytes come out. */
static void run_qtile(const visml_kernels *k, trial *t) {
    enum { ROWS_OF_IT = 5, COLS = 20 };
    int64_t n = (int64_t)t->n, steps = (n + 3) / 4, row = (n + 63) / 64 * 64;
    visml_blocking b = k->qblocking();
    uint8_t *x = in_bytes(t, (size_t)(ROWS_OF_IT * n)), *packed = calloc((size_t)(ROWS_OF_IT + b.mr), (size_t)row + 1);
    int8_t *w = (int8_t *)in_bytes(t, (size_t)(2 * steps * 64));
    uint8_t *residual = in_bytes(t, ROWS_OF_IT * COLS), *q = test_guarded(ROWS_OF_IT * COLS);
    float terms[4][32], *y = out(t, ROWS_OF_IT * COLS);
    int32_t start[32];
    visml_qpatches p = {.x = x, .pad = x, .h = 1, .w = 1, .ld = n, .c = n, .gh = 1, .gw = 1, .sy = 1, .sx = 1, .th = 1, .tw = 1, .ty = 1,
                        .tx = 1};
    if (n)
        k->qpack(&p, 0, ROWS_OF_IT, packed);
    for (int i = 0; i < 32; i++) {
        start[i] = (int32_t)(test_random(&t->seed) % 20000) - 10000;
        for (int j = 0; j < 4; j++)
            terms[j][i] = test_random_float(&t->seed) * (j ? 1 : 0.01f);
    }
    visml_requantize r = {.activation = VISML_LEAKY_RELU, .alpha = 0.25f, .lo = -10, .hi = 245, .zero = 10, .residual_scale = 0.3f};
    for (int floats = 0; floats < 2; floats++)
        for (int64_t i = 0; i < ROWS_OF_IT; i += b.mr)
            for (int64_t j = 0; j < COLS; j += b.nr) {
                r.start = start + j;
                r.scale = terms[0] + j;
                r.bias = terms[1] + j;
                r.after = floats ? terms[2] + j : NULL;
                r.shift = terms[3] + j;
                visml_qtile tile = {.steps = steps, .a = packed + i * row, .b = w + j / 16 * steps * 64, .panel = steps * 64, .r = &r,
                                    .rows = (int32_t)(ROWS_OF_IT - i < b.mr ? ROWS_OF_IT - i : b.mr),
                                    .cols = (int32_t)(COLS - j < b.nr ? COLS - j : b.nr), .ld = COLS};
                tile.q = floats ? NULL : q + i * COLS + j;
                tile.y = floats ? y + i * COLS + j : NULL;
                tile.residual = floats ? NULL : residual + i * COLS + j;
                k->qtile(&tile);
            }
    keep_as_floats(t, q, ROWS_OF_IT * COLS);
    test_guarded_free(x, (size_t)(ROWS_OF_IT * n));
    test_guarded_free(w, (size_t)(2 * steps * 64));
    test_guarded_free(residual, ROWS_OF_IT * COLS);
    free(packed);
}

/* Two pixels of 3 x 3 taps side by side, and of 5 x 2 taps of their own. */
static void run_qdepthwise(const visml_kernels *k, trial *t) {
    size_t c = t->n, blocks = (c + 63) / 64;
    uint8_t *x = in_bytes(t, 20 * c), *q = test_guarded(2 * c);
    int8_t *w = (int8_t *)in_bytes(t, blocks * 2 * 2 * 256);
    const uint8_t *taps[20];
    float *terms = in(t, blocks * 128), *y = out(t, 2 * c);
    int32_t *start = calloc(blocks * 64 + 1, sizeof *start);
    for (size_t i = 0; i < 20; i++)
        taps[i] = x + i * c;
    for (size_t i = 0; i < blocks * 128; i++)
        terms[i] = i < blocks * 64 ? 0.01f : (float)(i % 7);
    visml_requantize r = {.start = start, .scale = terms, .bias = terms + blocks * 64, .lo = -100, .hi = 155, .zero = 100};
    visml_qdepthwise d = {.taps = taps, .count = 2, .step = 3, .kh = 3, .kw = 3, .c = (int64_t)c, .weights = w, .r = &r, .q = q};
    k->qdepthwise(&d);
    keep_as_floats(t, q, 2 * c);
    d = (visml_qdepthwise){.taps = taps, .count = 2, .step = 10, .kh = 5, .kw = 2, .c = (int64_t)c, .weights = w, .r = &r, .y = y};
    k->qdepthwise(&d);
    test_guarded_free(x, 20 * c);
    test_guarded_free(w, blocks * 2 * 2 * 256);
    free(start);
}

static void run_quantize(const visml_kernels *k, trial *t) {
    uint8_t *q = test_guarded(t->n);
    k->quantize(t->n, in(t, t->n), 100, 110, q);
    keep_as_floats(t, q, t->n);
}

static void run_dequantize(const visml_kernels *k, trial *t) {
    uint8_t *q = in_bytes(t, t->n);
    k->dequantize(t->n, q, 0.3f, 77, out(t, t->n));
    test_guarded_free(q, t->n);
}

static void run_qsum(const visml_kernels *k, trial *t) {
    uint8_t *a = in_bytes(t, t->n), *b = in_bytes(t, t->n), *q = test_guarded(t->n);
    visml_qsum s = {a, b, 5, 200, 0.3f, 0.7f, {.activation = VISML_LEAKY_RELU, .alpha = 0.1f, .lo = -50, .hi = 205, .zero = 50}};
    k->qsum(&s, t->n, q);
    keep_as_floats(t, q, t->n);
    test_guarded_free(a, t->n);
    test_guarded_free(b, t->n);
}

static void run_qmaxpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    uint8_t *x = in_bytes(t, 14 * t->n), *y = test_guarded(3 * t->n);
    k->qmaxpool(&w, x, y);
    keep_as_floats(t, y, 3 * t->n);
    test_guarded_free(x, 14 * t->n);
}

static void run_qavgpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    uint8_t *x = in_bytes(t, 14 * t->n), *y = test_guarded(3 * t->n);
    k->qavgpool(&w, x, y);
    keep_as_floats(t, y, 3 * t->n);
    test_guarded_free(x, 14 * t->n);
}

static void run_qrowmean(const visml_kernels *k, trial *t) {
    uint8_t *x = in_bytes(t, t->rows * t->n);
    if (t->rows)
        k->qrowmean((int64_t)t->rows, (int64_t)t->n, x, 0.3f, 100, out(t, t->n));
    test_guarded_free(x, t->rows * t->n);
}

#endif
