/* Every row of kernels.def at every level against the reference: lengths, alignments, unreadable neighbours, special values. A row without
 * a run_<name> here does not compile. */
#include "levels.h"

#include "base/checksum.h"
#include "kernel/distance.h"
#include "kernel/trees.h"
#include "kernel/update.h"
#include "visml/nn.h"

#define ARRAYS 48
#define CANARY 0x1.badp+7f
#define MAX_ROWS 401 /* of a trial */

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

/* Those that epilogues know. */
#define ELEMENTWISE_ACTIVATIONS(a) for (int32_t a = VISML_LINEAR; a <= VISML_RELU6; a += a == VISML_TANH ? 2 : 1)

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

static void run_activate(const visml_kernels *k, trial *t) {
    for (int32_t a = VISML_LINEAR; a <= VISML_MISH; a += a == VISML_TANH ? 2 : 1) {
        const float *x = in(t, t->n);
        k->activate(a, 0.2f, t->n, x, out(t, t->n));
    }
    float *same = out(t, t->n);
    k->activate(VISML_RELU, 0, t->n, same, same);
}

static void run_activate_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->n), *dy = in(t, t->n);
    for (int32_t a = VISML_LINEAR; a <= VISML_MISH; a += a == VISML_TANH ? 2 : 1)
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

static void run_noise(const visml_kernels *k, trial *t) {
    visml_noise_terms terms = {t->seed * 0x9E3779B97F4A7C15u, 7, 0xfffffff8u, 0.3f, 0};
    const float *a = in(t, t->n);
    k->noise(&terms, t->n, a, out(t, t->n));
    terms.multiplies = 1;
    k->noise(&terms, t->n, a, out(t, t->n));
}

static void run_combine(const visml_kernels *k, trial *t) {
    const float *x[3] = {in(t, t->n + 2)};
    x[1] = in(t, t->n + 2);
    x[2] = in(t, t->n + 2);
    for (int32_t how = VISML_COMBINE_SUBTRACT; how <= VISML_COMBINE_MINIMUM; how++) {
        visml_combination m = {how, how == VISML_COMBINE_SUBTRACT ? 2 : 3, x};
        k->combine(&m, 2, t->n, out(t, t->n));
    }
}

static void run_combine_backward(const visml_kernels *k, trial *t) {
    float *a = in(t, t->n + 2), *b = in(t, t->n + 2), *c = in(t, t->n + 2);
    const float *x[3] = {a, b, c}, *dy = in(t, t->n);
    for (size_t i = 0; i < t->n + 2; i++) { /* equal values are common */
        a[i] = rintf(a[i] * 2);
        b[i] = rintf(b[i] * 2);
        c[i] = rintf(c[i] * 2);
    }
    for (int32_t how = VISML_COMBINE_SUBTRACT; how <= VISML_COMBINE_MINIMUM; how++) {
        visml_combination m = {how, how == VISML_COMBINE_SUBTRACT ? 2 : 3, x};
        float *y = out(t, t->n);
        k->combine(&m, 2, t->n, y);
        for (int32_t i = 0; i < m.inputs; i++)
            k->combine_backward(&m, i, 2, t->n, y, dy, out(t, t->n));
    }
}

/* A slope a column, a row, an element, and one for all. */
static const int64_t slopes[][2] = {{0, 1}, {1, 0}, {1, 1}, {0, 0}};

static void run_prelu(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, c = (int64_t)t->n;
    const float *x = in(t, t->rows * t->n), *alpha = in(t, t->rows * t->n + t->n + t->rows + 1);
    for (int i = 0; i < 4; i++) {
        visml_prelu_rows p = {rows, c, slopes[i][0] * (slopes[i][1] ? c : 1), slopes[i][1]};
        k->prelu(&p, x, alpha, out(t, t->rows * t->n));
    }
}

static void run_prelu_backward(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, c = (int64_t)t->n;
    size_t size = t->rows * t->n, most = size + t->n + t->rows + 1;
    const float *x = in(t, size), *alpha = in(t, most), *dy = in(t, size);
    for (int i = 0; i < 4; i++) {
        visml_prelu_rows p = {rows, c, slopes[i][0] * (slopes[i][1] ? c : 1), slopes[i][1]};
        float *dx = out(t, size);
        k->prelu_backward(&p, x, alpha, dy, dx, out(t, most));
        k->prelu_backward(&p, x, alpha, dy, NULL, out(t, most));
        k->prelu_backward(&p, x, alpha, dy, out(t, size), NULL);
    }
}

static void run_larger_nearest_sums(const visml_kernels *k, trial *t) {
    visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = 2};
    const float *dy = in(t, t->rows * 6 * t->n);
    k->larger_nearest_sums(&r, (int64_t)t->rows, dy, out(t, 3 * t->n));
}

static void run_larger_bilinear(const visml_kernels *k, trial *t) {
    const float *above = in(t, 3 * t->n), *below = in(t, 3 * t->n);
    for (int64_t times = 1; times <= 3; times++) {
        visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = times};
        k->larger_bilinear(&r, 0.3f, above, below, out(t, 3 * (size_t)times * t->n));
    }
}

static void run_larger_bilinear_backward(const visml_kernels *k, trial *t) {
    for (int64_t times = 1; times <= 3; times++) {
        visml_larger_row r = {.width = 3, .c = (int64_t)t->n, .times = times};
        const float *dy = in(t, 3 * (size_t)times * t->n);
        float *above = out(t, 3 * t->n), *same = out(t, 3 * t->n);
        k->larger_bilinear_backward(&r, 0.3f, dy, above, out(t, 3 * t->n));
        k->larger_bilinear_backward(&r, 0.25f, dy, same, same);
    }
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
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    ELEMENTWISE_ACTIVATIONS(a) {
        visml_batchnorm_terms terms = {mean, p, q, r, a, 0.3f};
        k->batchnorm_dx((int64_t)t->rows, (int64_t)t->n, &terms, x, dy, out(t, t->rows * t->n));
    }
}

static void run_rowmean(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->n);
    k->rowmean((int64_t)t->rows, (int64_t)t->n, a, b);
}

/* Statistics of a row are outputs. rms: the mean is kept. */
static void layernorm_rows(const visml_kernels *k, trial *t, int32_t keeps_mean, int with_gamma, int with_beta) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n, .epsilon = 1e-3f, .keeps_mean = keeps_mean};
    r.x = in(t, all);
    r.gamma = with_gamma ? in(t, t->n) : NULL;
    r.beta = with_beta ? in(t, t->n) : NULL;
    float *y = out(t, all), *mean = out(t, t->rows), *inverse = out(t, t->rows), *alone = out(t, all);
    k->layernorm(&r, y, mean, inverse);
    k->layernorm(&r, alone, NULL, NULL);
    for (size_t i = 0; i < all; i++)
        assert_true(same_float(y[i], alone[i]));
}

static void run_layernorm(const visml_kernels *k, trial *t) {
    for (int i = 0; i < 8; i++)
        layernorm_rows(k, t, i >> 2, i & 1, i >> 1 & 1);
}

static void run_layernorm_dx(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n};
    const float *mean = in(t, t->rows), *inverse = in(t, t->rows), *dy = in(t, all), *gamma = in(t, t->n);
    r.x = in(t, all);
    for (int i = 0; i < 4; i++) {
        r.keeps_mean = i & 1;
        r.gamma = i & 2 ? gamma : NULL;
        k->layernorm_dx(&r, mean, inverse, dy, out(t, all));
    }
}

static void run_layernorm_sums(const visml_kernels *k, trial *t) {
    size_t all = t->rows * t->n;
    visml_layernorm_rows r = {.rows = (int64_t)t->rows, .c = (int64_t)t->n};
    const float *mean = in(t, t->rows), *inverse = in(t, t->rows), *dy = in(t, all);
    r.x = in(t, all);
    for (int i = 0; i < 2; i++) {
        float *dgamma = out(t, t->n), *dbeta = out(t, t->n);
        int64_t half = r.c / 32 * 16;
        r.keeps_mean = i;
        k->layernorm_sums(&r, 0, half, mean, inverse, dy, dgamma, dbeta);
        k->layernorm_sums(&r, half, r.c, mean, inverse, dy, dgamma, dbeta);
    }
}

static void run_groupnorm_dx(const visml_kernels *k, trial *t) {
    const float *mean = in(t, t->n), *p = in(t, t->n), *q = in(t, t->n), *r = in(t, t->n);
    const float *x = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    visml_batchnorm_terms terms = {.mean = mean, .p = p, .q = q, .r = r};
    k->groupnorm_dx((int64_t)t->rows, (int64_t)t->n, &terms, x, dy, out(t, t->rows * t->n));
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
    float *dy = in(t, 3 * t->n), *dx = out(t, 14 * t->n), *written = out(t, 14 * t->n);
    k->maxpool_backward(&w, x, y, dy, dx);
    w.tw = 2;
    w.alone = 1;
    k->maxpool(&w, x, y);
    k->maxpool_backward(&w, x, y, dy, written);
}

static void run_avgpool(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 14 * t->n), *b = out(t, 3 * t->n);
    k->avgpool(&w, a, b);
}

static void run_avgpool_backward(const visml_kernels *k, trial *t) {
    visml_pool_windows w = windows(t);
    float *a = in(t, 3 * t->n), *b = out(t, 14 * t->n), *written = out(t, 14 * t->n);
    k->avgpool_backward(&w, a, b);
    w.tw = 2;
    w.alone = 1;
    k->avgpool_backward(&w, a, written);
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
    visml_depthwise_sums s = {.rows = 2, .count = 6, .c = c, .height = 5, .y0 = -1, .sy = 2, .ty = 1, .width = 7, .x0 = -1, .th = 3};
    const float *x = in(t, 35 * (size_t)c), *dy = in(t, 12 * (size_t)c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s.tw = cases[i][0];
        s.sx = cases[i][1];
        s.tx = cases[i][2];
        k->depthwise_weights(&s, x, dy, out(t, (size_t)(3 * s.tw * c)));
    }
}

static void run_spread(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    k->spread(t->n, (int64_t)t->rows, x, out(t, t->rows * t->n));
}

static void run_fold(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->rows * t->n);
    k->fold(t->n, (int64_t)t->rows, x, out(t, t->n));
}

static void run_softmax(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->softmax((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_softmax_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->softmax_backward((int64_t)t->rows, (int64_t)t->n, y, dy, out(t, t->rows * t->n));
}

static void run_log_softmax(const visml_kernels *k, trial *t) {
    float *a = in(t, t->rows * t->n), *b = out(t, t->rows * t->n);
    k->log_softmax((int64_t)t->rows, (int64_t)t->n, a, b);
}

static void run_log_softmax_backward(const visml_kernels *k, trial *t) {
    const float *y = in(t, t->rows * t->n), *dy = in(t, t->rows * t->n);
    k->log_softmax_backward((int64_t)t->rows, (int64_t)t->n, y, dy, out(t, t->rows * t->n));
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

/* So small that sums over many of them stay near 1. */
static float *in_small(trial *t, size_t n) {
    float *x = take(t, n, 0);
    for (size_t i = 0; i < n; i++)
        x[i] *= 1.0f / 32;
    return x;
}

static size_t whole(size_t n) {
    return (n + 15) / 16 * 16;
}

static void run_lstm_project(const visml_kernels *k, trial *t) {
    visml_lstm_step s = {.rows = (int64_t)t->rows, .end = (int64_t)t->n, .units = (int64_t)t->n, .kx = 3, .ldx = 3, .panel = 3 * 64};
    s.x = in(t, t->rows * 3);
    s.b = in(t, whole(t->n) * 4 * 3);
    s.bias = in(t, 4 * t->n);
    s.ldz = 4 * (int64_t)whole(t->n);
    k->lstm_project(&s, out(t, t->rows * 4 * whole(t->n)));
    s.bias = NULL;
    s.kx = 0;
    k->lstm_project(&s, out(t, t->rows * 4 * whole(t->n)));
}

/* With x and everything kept; then with z and other activations, from the second panel on. */
static void run_lstm_step(const visml_kernels *k, trial *t) {
    size_t n = t->n, w = whole(n), depth = n < 300 ? n : 300;
    visml_lstm_step s = {.rows = (int64_t)t->rows, .end = (int64_t)n, .units = (int64_t)n, .activation = VISML_TANH,
                         .recurrent_activation = VISML_SIGMOID, .kx = 3, .kh = (int64_t)depth, .ldx = 3, .ldb = (int64_t)depth,
                         .panel = (3 + (int64_t)depth) * 64, .ldg = 4 * (int64_t)w, .ldc = (int64_t)w, .ldz = 4 * (int64_t)w};
    s.ldh[0] = s.ldh[1] = (int64_t)n;
    s.x = in(t, t->rows * 3);
    s.h_before = in(t, t->rows * depth);
    s.b = in_small(t, w * 4 * (3 + depth));
    s.bias = in(t, 4 * n);
    s.c_before = in(t, t->rows * w);
    s.c = out(t, t->rows * w);
    s.gates = out(t, t->rows * 4 * w);
    s.h[0] = out(t, t->rows * n);
    k->lstm_step(&s);
    s.first = n > 16 ? 16 : 0;
    s.kx = 0;
    s.z = in(t, t->rows * 4 * w);
    s.activation = VISML_LEAKY_RELU;
    s.recurrent_activation = VISML_IDENTITY;
    s.gates = s.h[0] = NULL;
    s.c_before = NULL;
    s.c = out(t, t->rows * w);
    s.h[1] = out(t, t->rows * n);
    k->lstm_step(&s);
}

static void run_lstm_turn(const visml_kernels *k, trial *t) {
    size_t rows = t->n < 64 ? t->n : 64, depth = t->rows < 70 ? 7 * t->rows : t->rows;
    const float *from = in(t, rows * depth);
    float *to = out(t, depth * 64);
    k->lstm_turn((int64_t)rows, (int64_t)depth, from, (int64_t)depth, to);
    for (size_t p = 0; p < depth; p++)
        for (size_t i = 0; i < rows; i++)
            assert_true(same_float(to[p * 64 + i], from[i * depth + p]));
}

static void run_lstm_step_backward(const visml_kernels *k, trial *t) {
    size_t n = t->n, w = whole(n);
    visml_lstm_back s = {.rows = (int64_t)t->rows, .end = (int64_t)n, .units = (int64_t)n, .activation = VISML_TANH,
                         .recurrent_activation = VISML_SIGMOID, .panel = 4 * (int64_t)w * 64, .ldy = (int64_t)n,
                         .ldg = 4 * (int64_t)w, .ldc = (int64_t)w, .ldd = (int64_t)w};
    s.after = in(t, t->rows * 4 * w);
    s.b = in_small(t, (n + 63) / 64 * 64 * 4 * w);
    s.dy = in(t, t->rows * n);
    s.gates = out(t, t->rows * 4 * w);
    s.c = in(t, t->rows * w);
    s.c_before = in(t, t->rows * w);
    s.dc = out(t, t->rows * w);
    k->lstm_step_backward(&s);
    s.after = s.c_before = NULL;
    s.activation = VISML_RELU;
    s.gates = out(t, t->rows * 4 * w);
    s.dc = out(t, t->rows * w);
    k->lstm_step_backward(&s);
}

/* With every row taken and, given a mask, without some. */
static visml_rnn_step recurrent_step(trial *t, int32_t cell) {
    size_t n = t->n, gates = cell == VISML_CELL_SIMPLE ? 1 : 4;
    visml_rnn_step s = {.rows = (int64_t)t->rows, .units = (int64_t)n, .cell = cell, .activation = VISML_TANH,
                        .recurrent_activation = VISML_SIGMOID, .ldx = (int64_t)(gates * n), .ldz = (int64_t)(gates * n),
                        .ldi = (int64_t)n, .ldb = (int64_t)n, .ldg = (int64_t)(gates * n), .ldc = (int64_t)n, .ldm = 1};
    s.ldh[0] = s.ldh[1] = (int64_t)n;
    s.zx = in(t, t->rows * gates * n);
    s.zh = in(t, t->rows * gates * n);
    s.h_in = in(t, t->rows * n);
    s.h_before = in(t, t->rows * n);
    s.c_before = in(t, t->rows * n);
    s.gates = out(t, t->rows * gates * n);
    return s;
}

static void run_rnn_gates(const visml_kernels *k, trial *t) {
    for (int32_t cell = VISML_CELL_GRU; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_step s = recurrent_step(t, cell);
        k->rnn_gates(&s);
    }
}

static void run_rnn_step(const visml_kernels *k, trial *t) {
    uint8_t mask[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++)
        mask[i] = i % 3 != 0;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_step s = recurrent_step(t, cell);
        s.mask = cell % 2 ? mask : NULL;
        s.c = out(t, t->rows * t->n);
        s.h[cell % 2] = out(t, t->rows * t->n);
        k->rnn_step(&s);
    }
}

static visml_rnn_back recurrent_back(trial *t, int32_t cell) {
    size_t n = t->n, all = t->rows * n, gates = cell == VISML_CELL_SIMPLE ? 1 : 4;
    visml_rnn_back s = {.rows = (int64_t)t->rows, .units = (int64_t)n, .cell = cell, .activation = VISML_TANH,
                        .recurrent_activation = VISML_SIGMOID, .ldm = 1, .ldy = (int64_t)n, .ldi = (int64_t)n, .ldb = (int64_t)n,
                        .ldc = (int64_t)n, .ldg = (int64_t)(gates * n)};
    s.dy = in(t, all);
    s.h_in = in(t, all);
    s.h_before = in(t, all);
    s.c = in(t, all);
    s.c_before = in(t, all);
    s.dreset = in(t, all);
    s.gates = out(t, gates * all);
    return s;
}

static void run_rnn_step_backward(const visml_kernels *k, trial *t) {
    uint8_t mask[MAX_ROWS];
    for (size_t i = 0; i < MAX_ROWS; i++)
        mask[i] = i % 3 != 0;
    for (int32_t cell = VISML_CELL_SIMPLE; cell <= VISML_CELL_GRU_FIRST; cell++) {
        visml_rnn_back s = recurrent_back(t, cell);
        s.mask = cell % 2 ? mask : NULL;
        s.dh_in = in(t, t->rows * t->n);
        s.dropped = cell % 2 ? s.dreset : NULL;
        s.dh = out(t, t->rows * t->n);
        s.dc = out(t, t->rows * t->n);
        k->rnn_step_backward(&s);
    }
}

static void run_rnn_reset_backward(const visml_kernels *k, trial *t) {
    visml_rnn_back s = recurrent_back(t, VISML_CELL_GRU_FIRST);
    s.dh_out = out(t, t->rows * t->n);
    k->rnn_reset_backward(&s);
}

static void run_multiply_rows(const visml_kernels *k, trial *t) {
    int64_t n = (int64_t)t->n;
    const float *a = in(t, t->rows * t->n), *b = in(t, t->n);
    float *to = out(t, t->rows * t->n);
    k->multiply_rows((int64_t)t->rows, n, a, n, b, 0, to, n);
    for (size_t i = 0; i < t->rows * t->n; i++)
        assert_true(same_float(to[i], a[i] * b[i % t->n]));
    k->multiply_rows((int64_t)t->rows, n, to, n, a, n, to, n);
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

static void run_penalize(const visml_kernels *k, trial *t) {
    const float *x = in(t, t->n);
    k->penalize(t->n, x, 0.3f, 0.02f, out(t, t->n));
}

static void run_max_norm(const visml_kernels *k, trial *t) {
    int64_t rows = (int64_t)t->rows, n = (int64_t)t->n;
    k->max_norm(rows, n, n, 0.5f, 1e-7f, out(t, t->rows * t->n));
    k->max_norm(rows, n, n + 3, 2, 1e-7f, out(t, t->rows ? t->rows * (t->n + 3) - 3 : 0));
}

/* What is kept are squares: not below 0. */
static void run_update(trial *t, visml_update_kernel *step, size_t kept) {
    const visml_update_terms terms = {.rate = 0.01f, .rate_of_g = 0.003f, .first = 0.1f, .second = 0.001f, .keep = 0.999f,
                                      .momentum = 0.5f, .correction = 1.5f, .epsilon = 1e-3f};
    float *w = out(t, t->n), *s[3] = {NULL, NULL, NULL}, *g = in(t, t->n);
    for (size_t i = 0; i < kept; i++)
        s[i] = out(t, t->n);
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < kept; j++)
            s[j][i] = fabsf(s[j][i]) + (j == 0 ? 1.0f : 0.0f);
    step(&terms, t->n, w, g, s[0], s[1], s[2]);
}

static void run_amsgrad(const visml_kernels *k, trial *t) {
    run_update(t, k->amsgrad, 3);
}

static void run_rmsprop(const visml_kernels *k, trial *t) {
    run_update(t, k->rmsprop, 1);
    run_update(t, k->rmsprop, 2);
    run_update(t, k->rmsprop, 3);
}

static void run_nadam(const visml_kernels *k, trial *t) {
    run_update(t, k->nadam, 2);
}

static void run_adamax(const visml_kernels *k, trial *t) {
    run_update(t, k->adamax, 2);
}

static void run_adagrad(const visml_kernels *k, trial *t) {
    run_update(t, k->adagrad, 1);
}

static void run_adadelta(const visml_kernels *k, trial *t) {
    run_update(t, k->adadelta, 2);
}

static void run_lion(const visml_kernels *k, trial *t) {
    run_update(t, k->lion, 1);
}

static void run_approach(const visml_kernels *k, trial *t) {
    const float *from = in(t, t->n);
    k->approach(t->n, from, out(t, t->n), 0.25f);
    k->approach(t->n, NULL, out(t, t->n), 0.25f);
}

static void run_clamp(const visml_kernels *k, trial *t) {
    k->clamp(t->n, out(t, t->n), 0.5f);
}

static void run_take_mean(const visml_kernels *k, trial *t) {
    float *g = out(t, t->n);
    k->take_mean(t->n, g, out(t, t->n), 0.25f);
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

#include "runs_pictures.h"
#include "runs_bytes.h"

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
    static level levels[MAX_LEVELS]; /* too large for a frame */
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
    static level levels[MAX_LEVELS]; /* too large for a frame */
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
    static level levels[MAX_LEVELS]; /* too large for a frame */
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
#define KNOWN_BITS 0x36bfaf57u

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
    static level levels[MAX_LEVELS]; /* too large for a frame */
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
