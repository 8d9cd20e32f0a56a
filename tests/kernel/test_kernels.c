/* Every row of kernels.def at every level against the reference: lengths, alignments, unreadable neighbours, special values. A row without
 * a run_<name> here does not compile. */
#include "levels.h"

#include "base/checksum.h"
#include "visml/nn.h"

#define ARRAYS 24
#define CANARY 0x1.badp+7f

/* One call's arrays. The same trial run again gives the same numbers at other places. */
typedef struct trial {
    size_t n, rows; /* n: elements, or channels */
    int offset;     /* elements behind a multiple of 64 bytes; -1: the arrays end at an unreadable page */
    int special;    /* NaN, infinities, zeros, subnormal numbers among the values */
    uint64_t seed;
    size_t arrays;
    struct {
        float *p;
        size_t n;
        char *base;
        int output;
    } array[ARRAYS];
} trial;

static float special_value(uint64_t *seed) {
    static const float values[] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-42f, -1e-40f, 3e38f, -3e38f, 90.0f, -104.5f, 1.0f};
    return values[test_random(seed) % (sizeof values / sizeof *values)];
}

static float *take(trial *t, size_t n, int output) {
    assert_true(t->arrays < ARRAYS);
    size_t i = t->arrays++;
    float *p;
    if (t->offset < 0) {
        p = test_guarded(n * sizeof *p);
        t->array[i].base = (char *)p;
    } else {
        t->array[i].base = aligned_alloc(64, ((n + 48) * sizeof *p + 63) / 64 * 64);
        assert_non_null(t->array[i].base);
        p = (float *)(void *)t->array[i].base + 16 + t->offset;
        for (int j = 0; j < 16; j++)
            p[-1 - j] = p[n + (size_t)j % (size_t)(16 - t->offset)] = CANARY;
    }
    t->array[i].p = p;
    t->array[i].n = n;
    t->array[i].output = output;
    for (size_t j = 0; j < n; j++)
        p[j] = t->special && test_random(&t->seed) % 4 == 0 ? special_value(&t->seed) : test_random_float(&t->seed);
    return p;
}

/* (Two of these in one call would be made in any order.) */
static float *in(trial *t, size_t n) {
    return take(t, n, 0);
}

/* Holds numbers too: what a kernel adds to, and what it must not use. */
static float *out(trial *t, size_t n) {
    return take(t, n, 1);
}

static void release(trial *t) {
    for (size_t i = 0; i < t->arrays; i++) {
        float *p = t->array[i].p;
        if (t->offset < 0) {
            test_guarded_free(p, t->array[i].n * sizeof *p);
            continue;
        }
        for (int j = 0; j < 16 - t->offset; j++)
            assert_true(p[-1 - j] == CANARY && p[t->array[i].n + (size_t)j] == CANARY);
        free(t->array[i].base);
    }
}

/* ---- one function a row ---- */

/* All but softmax. */
#define ELEMENTWISE_ACTIVATIONS(a) for (int32_t a = VISML_LINEAR; a <= VISML_RELU6; a += a == VISML_TANH ? 2 : 1)

static void run_gemm_blocking(const visml_kernels *k, trial *t) {
    visml_blocking b = k->gemm_blocking();
    (void)t;
    assert_true(b.mr >= 1 && b.mr <= VISML_MAX_MR && b.nr >= 16 && b.nr <= VISML_MAX_NR && b.nr % 16 == 0 && b.mc % b.mr == 0);
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

static void run_copy_rows(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, n = (int64_t)t->n;
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->copy_rows(rows, n, a, n, b, n);
    k->copy_rows(rows, n, NULL, 0, out(t, t->rows * t->n), n);
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

static void run_activate(const visml_kernels *k, trial *t) {
    ELEMENTWISE_ACTIVATIONS(a) {
        const float *x = in(t, t->n);
        k->activate(a, 0.2f, t->n, x, out(t, t->n));
    }
    float *same = out(t, t->n);
    k->activate(VISML_RELU, 0, t->n, same, same);
}

static void run_activate_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->n), *dy = in(t, t->n);
    ELEMENTWISE_ACTIVATIONS(a)
        k->activate_backward(a, 0.2f, t->n, y, dy, out(t, t->n));
}

static void run_scale(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->scale(t->n, a, 0.3f, -0.7f, b);
}

static void run_sum(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = in(t, t->n), *d = out(t, t->n);
    k->sum(t->n, a, b, d);
}

static void run_from_u8(const visml_kernels *k, trial *t) {
    uint8_t *bytes = test_guarded(t->n);
    for (size_t i = 0; i < t->n; i++)
        bytes[i] = (uint8_t)test_random(&t->seed);
    k->from_u8(t->n, bytes, out(t, t->n));
    test_guarded_free(bytes, t->n);
}

static void run_dropout(const visml_kernels *k, trial *t) {
    visml_dropout_terms terms = {t->seed * 0x9E3779B97F4A7C15u, 7, 0xfffffff8u, 0x40000000u, 4.0f / 3};
    float *a = in(t, t->n), *b = out(t, t->n);
    k->dropout(&terms, t->n, a, b);
}

static void run_all_finite(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    int finite = 1;
    for (size_t i = 0; i < t->n; i++)
        finite &= isfinite(x[i]) != 0;
    assert_int_equal(k->all_finite(t->n, x) != 0, finite);
}

static void run_exp(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->exp(t->n, a, b);
}

static void run_log(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n), *b = out(t, t->n);
    k->log(t->n, a, b);
}

static void run_colsum(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->n);
    k->colsum((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_colsquares(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = in(t, t->n), *d = out(t, t->n);
    k->colsquares((int64_t)t->rows, (int64_t)t->n, a, b, d);
}

static void run_batchnorm_sums(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n), *mean = in(t, t->n), *invstd = in(t, t->n);
    float *dgamma = out(t, t->n), *dbeta = out(t, t->n);
    k->batchnorm_sums((int64_t)t->rows, (int64_t)t->n, x, mean, invstd, dy, dgamma, dbeta);
}

static void run_affine(const visml_kernels *k, trial *t) {
    const float *scale = in(t, t->n), *shift = in(t, t->n);
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->affine((int64_t)t->rows, (int64_t)t->n, a, scale, shift, b);
}

static void run_batchnorm_dx(const visml_kernels *k, trial *t) {
    const float *mean = in(t, t->n), *p = in(t, t->n), *q = in(t, t->n), *r = in(t, t->n);
    visml_batchnorm_terms terms = {mean, p, q, r};
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->batchnorm_dx((int64_t)t->rows, (int64_t)t->n, &terms, x, dy, out(t, t->rows * t->n));
}

static void run_rowmean(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->n);
    k->rowmean((int64_t)t->rows, (int64_t)t->n, a, b);
}

/* Three windows of 2 x 3 pixels, two apart, in two rows of seven. */
static visml_pool_windows windows(const trial *t) {
    int64_t c = (int64_t)t->n;
    return (visml_pool_windows){.count = 3, .step = 2 * c, .th = 2, .tw = 3, .row = 7 * c, .c = c};
}

static void run_maxpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 14 * t->n), *b = out(t, 3 * t->n);
    k->maxpool(&w, a, b);
}

static void run_maxpool_backward(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *x = in(t, 14 * t->n), *y = in(t, 3 * t->n);
    for (size_t i = 0; i < 14 * t->n; i++) /* equal values are common */
        x[i] = rintf(x[i] * 2);
    k->maxpool(&w, x, y);
    float *dy = in(t, 3 * t->n), *dx = out(t, 14 * t->n);
    k->maxpool_backward(&w, x, y, dy, dx);
}

static void run_avgpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 14 * t->n), *b = out(t, 3 * t->n);
    k->avgpool(&w, a, b);
}

static void run_avgpool_backward(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 3 * t->n), *b = out(t, 14 * t->n);
    k->avgpool_backward(&w, a, b);
}

static void run_softmax(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->softmax((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_softmax_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->softmax_backward((int64_t)t->rows, (int64_t)t->n, y, dy, out(t, t->rows * t->n));
}

static void run_crossentropy(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    int32_t *labels = test_guarded(t->rows * sizeof *labels);
    visml_crossentropy_rows x = {.rows = (int64_t)t->rows, .channels = (int64_t)t->n, .keep = 0.9f, .spread = 0.1f, .labels = labels};
    for (size_t i = 0; i < t->rows; i++)
        labels[i] = i == 2 ? -1 : (int32_t)(t->n ? test_random(&t->seed) % t->n : 0);
    x.z = in(t, all);
    x.loss = out(t, t->rows);
    x.dz = out(t, all);
    x.prob = out(t, all);
    k->crossentropy(&x);
    x.targets = in(t, all);
    x.factor = in(t, t->rows);
    x.loss = out(t, t->rows);
    x.dz = out(t, all);
    x.prob = NULL;
    k->crossentropy(&x);
    test_guarded_free(labels, t->rows * sizeof *labels);
}

static void run_sgd(const visml_kernels *k, trial *t) {
    float *w = out(t, t->n), *g = in(t, t->n);
    k->sgd(t->n, w, g, 0.01f);
}

static void run_momentum(const visml_kernels *k, trial *t) {
    float *w = out(t, t->n), *v = out(t, t->n), *g = in(t, t->n);
    k->momentum(t->n, w, g, v, 0.01f, 0.9f, 0);
    k->momentum(t->n, w, g, v, 0.01f, 0.9f, 1);
}

static void run_adam(const visml_kernels *k, trial *t) {
    visml_adam_terms terms = {0.001f, 0.1f, 0.001f, 1e-7f};
    float *w = out(t, t->n), *m = out(t, t->n), *v = out(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        v[i] = fabsf(v[i]);
    k->adam(&terms, t->n, w, in(t, t->n), m, v);
}

/* ---- bytes: results are kept as floats, to be compared like the others ---- */

static uint8_t *in_bytes(trial *t, size_t n) {
    uint8_t *p = test_guarded(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)test_random(&t->seed);
    return p;
}

static void keep_bytes(trial *t, uint8_t *p, size_t n) {
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
    keep_bytes(t, q, ROWS_OF_IT * COLS);
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
    keep_bytes(t, q, 2 * c);
    d = (visml_qdepthwise){.taps = taps, .count = 2, .step = 10, .kh = 5, .kw = 2, .c = (int64_t)c, .weights = w, .r = &r, .y = y};
    k->qdepthwise(&d);
    test_guarded_free(x, 20 * c);
    test_guarded_free(w, blocks * 2 * 2 * 256);
    free(start);
}

static void run_quantize(const visml_kernels *k, trial *t) {
    uint8_t *q = test_guarded(t->n);
    k->quantize(t->n, in(t, t->n), 100, 110, q);
    keep_bytes(t, q, t->n);
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
    keep_bytes(t, q, t->n);
    test_guarded_free(a, t->n);
    test_guarded_free(b, t->n);
}

static void run_qmaxpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    uint8_t *x = in_bytes(t, 14 * t->n), *y = test_guarded(3 * t->n);
    k->qmaxpool(&w, x, y);
    keep_bytes(t, y, 3 * t->n);
    test_guarded_free(x, 14 * t->n);
}

static void run_qavgpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    uint8_t *x = in_bytes(t, 14 * t->n), *y = test_guarded(3 * t->n);
    k->qavgpool(&w, x, y);
    keep_bytes(t, y, 3 * t->n);
    test_guarded_free(x, 14 * t->n);
}

static void run_qrowmean(const visml_kernels *k, trial *t) {
    uint8_t *x = in_bytes(t, t->rows * t->n);
    if (t->rows)
        k->qrowmean((int64_t)t->rows, (int64_t)t->n, x, 0.3f, 100, out(t, t->n));
    test_guarded_free(x, t->rows * t->n);
}

/* ---- over all rows, levels and trials ---- */

typedef struct row {
    const char *name;
    void (*run)(const visml_kernels *k, trial *t);
} row;

static const row rows[] = {
#define KERNEL(name, ret, args) {#name, run_##name},
#include "kernel/kernels.def"
#undef KERNEL
};
#define ROWS (sizeof rows / sizeof *rows)

/* Without fused multiply-add: rounded once more an operation. */
static void compare(const row *r, const level *l, const trial *t, const float *got, const float *want, size_t n) {
    if (l->fused) {
        char where[80];
        snprintf(where, sizeof where, "%s (n %zu, rows %zu, offset %d, special %d)", l->name, t->n, t->rows, t->offset, t->special);
        assert_same(got, want, n, r->name, where);
        return;
    }
    for (size_t i = 0; !t->special && i < n; i++)
        if (!(fabsf(got[i] - want[i]) <= 2e-5f * (1 + fabsf(want[i]))) && !same_float(got[i], want[i]))
            fail_msg("%s at %s: element %zu is %g, not %g", r->name, l->name, i, (double)got[i], (double)want[i]);
}

static void try_once(const row *r, const level *ref, const level *l, trial plan) {
    trial a = plan, b = plan;
    r->run(&ref->kernels, &a);
    r->run(&l->kernels, &b);
    assert_int_equal(a.arrays, b.arrays);
    for (size_t i = 0; i < a.arrays; i++)
        if (a.array[i].output)
            compare(r, l, &plan, b.array[i].p, a.array[i].p, a.array[i].n);
    release(&a);
    release(&b);
}

static const size_t lengths[] = {0, 1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 40, 47, 48, 49, 63, 64, 65, 71};

static void every_length_up_to_an_unreadable_page(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
                for (int special = 0; special < 2; special++) {
                    trial t = {.n = lengths[i], .rows = i % 5, .offset = -1, .special = special, .seed = 1000 * r + i};
                    try_once(&rows[r], &levels[0], &levels[l], t);
                }
}

static void every_alignment_between_canaries(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (int offset = 0; offset < 16; offset++) {
                trial t = {.n = 37, .rows = 3, .offset = offset, .seed = 7 * r};
                try_once(&rows[r], &levels[0], &levels[l], t);
            }
}

static void a_large_prime(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t l = 0; l < n; l++)
            for (size_t many = 0; many < 2; many++) {
                trial t = {.n = many ? 1009 : 13, .rows = many ? 5 : 401, .offset = 3, .special = 0, .seed = r};
                try_once(&rows[r], &levels[0], &levels[l], t);
            }
}

/* One number for the bits of all results: it must be the same on every machine with fused multiply-add. Changes only when the order of
 * operations of a kernel is changed on purpose (or this test is), which changes every trained model's bits. */
#define KNOWN_BITS 0x6e7ec5a2u

static uint32_t bits_of(const level *l) {
    uint32_t crc = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            trial t = {.n = lengths[i], .rows = i % 7, .offset = 1, .special = (int)(i & 1), .seed = i};
            rows[r].run(&l->kernels, &t);
            for (size_t a = 0; a < t.arrays; a++)
                for (size_t j = 0; t.array[a].output && j < t.array[a].n; j++) {
                    float x = isnan(t.array[a].p[j]) ? 0x1.234p5f : t.array[a].p[j];
                    crc = visml_crc32(crc, &x, sizeof x);
                }
            release(&t);
        }
    return crc;
}

static void the_same_bits_on_every_machine(void **state) {
    (void)state;
    level levels[MAX_LEVELS];
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        if (levels[l].fused && bits_of(&levels[l]) != KNOWN_BITS)
            fail_msg("%s gives 0x%08x, not 0x%08x", levels[l].name, bits_of(&levels[l]), KNOWN_BITS);
}

static void masks_choose_levels(void **state) {
    (void)state;
    visml_kernels k;
    uint32_t here = visml_cpu_levels();
    visml_kernels_init(&k, 0);
    assert_int_equal(k.levels, 0);
    assert_true(k.sum == visml_sum_ref);
    visml_kernels_init(&k, here);
    assert_int_equal(k.levels & ~here, 0);
    assert_true(!k.levels || k.sum != visml_sum_ref);
    visml_kernels_init(&k, here & ~VISML_CPU_AVX512);
    assert_int_equal(k.levels & VISML_CPU_AVX512, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_up_to_an_unreadable_page),
        cmocka_unit_test(every_alignment_between_canaries),
        cmocka_unit_test(a_large_prime),
        cmocka_unit_test(the_same_bits_on_every_machine),
        cmocka_unit_test(masks_choose_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
