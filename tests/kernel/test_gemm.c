#include "levels.h"

#include "kernel/gemm.h"
#include "visml/nn.h"

typedef struct shape {
    int64_t m, n, k;
    int trans_a, trans_b, accumulate, epilogue;
} shape;

/* By 2: bias; by 4: residual; by 8: scale and shift; by 16 ...: the activation; by 256: gain. */
#define EPILOGUE(bias, residual, act) (1 | (bias) << 1 | (residual) << 2 | (act) << 4)
#define SCALED 8
#define GAIN 256

static const shape shapes[] = {
    {1, 1, 1, 0, 0, 0, 0},
    {3, 5, 7, 0, 0, 0, 0},
    {14, 32, 256, 0, 0, 0, 0},
    {15, 33, 257, 0, 0, 1, 0},
    {29, 65, 300, 0, 1, 0, 0},
    {29, 65, 300, 1, 0, 0, 0},
    {29, 65, 300, 1, 1, 1, 0},
    {1, 100, 513, 0, 0, 0, EPILOGUE(1, 0, VISML_RELU)},
    {130, 10, 64, 0, 0, 0, EPILOGUE(1, 1, VISML_TANH)},
    {7, 40, 0, 0, 0, 0, EPILOGUE(1, 0, VISML_SIGMOID)},
    {7, 40, 0, 0, 0, 1, 0},
    {0, 4, 4, 0, 0, 0, 0},
    {4, 0, 4, 0, 0, 0, 0},
    {20, 530, 40, 0, 0, 0, EPILOGUE(1, 1, VISML_LINEAR)},
    {5, 6, 4100, 0, 1, 0, EPILOGUE(0, 1, VISML_LEAKY_RELU)},
    {113, 17, 31, 1, 0, 0, 0},
    {225, 48, 20, 0, 0, 1, EPILOGUE(1, 0, VISML_RELU)},
    {64, 64, 64, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU)},
    {50, 64, 260, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU) | SCALED},
    {23, 75, 290, 0, 1, 1, EPILOGUE(0, 0, VISML_LINEAR) | SCALED},
    {17, 70, 300, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU6) | GAIN | SCALED},
    {9, 530, 30, 0, 0, 1, EPILOGUE(0, 0, VISML_LINEAR) | GAIN},
    {33, 128, 9, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU) | GAIN},
    /* several blocks along k at once, and more than that */
    {30, 40, 1100, 1, 0, 1, EPILOGUE(1, 0, VISML_RELU)},
    {150, 40, 1300, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU) | SCALED},
    {300, 33, 2100, 0, 0, 1, EPILOGUE(1, 0, VISML_LINEAR)},
    {20, 33, 1021, 0, 0, 1, 0}, /* rows of A 4096 bytes apart */
    /* few rows */
    {1, 250, 600, 0, 0, 0, EPILOGUE(1, 1, VISML_RELU)},
    {2, 140, 300, 0, 1, 1, EPILOGUE(0, 0, VISML_TANH) | SCALED},
    {3, 300, 270, 0, 0, 1, EPILOGUE(1, 0, VISML_LINEAR) | GAIN},
    {3, 70, 20, 1, 0, 0, 0},
    /* more columns than are packed at a time */
    {260, 1060, 3, 0, 0, 0, EPILOGUE(1, 0, VISML_LINEAR)},
};

typedef struct operands {
    float *a, *b, *c, *bias, *residual, *scale, *shift, *gain;
    visml_epilogue epilogue;
    visml_gemm g;
    size_t size; /* elements of c */
} operands;

static operands make(const shape *s) {
    operands o;
    visml_gemm *g = &o.g;
    *g = (visml_gemm){.m = s->m, .n = s->n, .k = s->k, .trans_a = s->trans_a, .trans_b = s->trans_b, .accumulate = s->accumulate};
    g->lda = (s->trans_a ? s->m : s->k) + 3;
    g->ldb = (s->trans_b ? s->k : s->n) + 1;
    g->ldc = s->n + 2;
    o.size = (size_t)(s->m * g->ldc);
    o.a = random_array((size_t)((s->trans_a ? s->k : s->m) * g->lda), 1);
    o.b = random_array((size_t)((s->trans_b ? s->n : s->k) * g->ldb), 2);
    o.c = random_array(o.size, 3);
    o.bias = random_array((size_t)s->n, 4);
    o.residual = random_array(o.size, 5);
    o.scale = random_array((size_t)s->n, 6);
    o.shift = random_array((size_t)s->n, 7);
    o.gain = random_array((size_t)s->n, 8);
    o.epilogue = (visml_epilogue){.activation = s->epilogue >> 4 & 15, .alpha = 0.25f};
    o.epilogue.bias = s->epilogue & 2 ? o.bias : NULL;
    o.epilogue.residual = s->epilogue & 4 ? o.residual : NULL;
    o.epilogue.gain = s->epilogue & GAIN ? o.gain : NULL;
    if (s->epilogue & SCALED) {
        o.epilogue.scale = o.scale;
        o.epilogue.shift = o.shift;
    }
    g->a = o.a;
    g->b = o.b;
    return o;
}

static void drop(operands *o) {
    free(o->a);
    free(o->b);
    free(o->c);
    free(o->bias);
    free(o->residual);
    free(o->scale);
    free(o->shift);
    free(o->gain);
}

/* A fresh copy of c, multiplied. */
static float *multiplied_with(const operands *o, const level *l, visml_parallel parallel) {
    visml_compute c = {&l->kernels, &parallel};
    visml_gemm g = o->g;
    size_t bytes = visml_gemm_scratch(&c, &g);
    void *scratch = scratch_of(bytes);
    g.c = test_guarded(o->size * sizeof(float));
    const visml_epilogue *e = &o->epilogue;
    g.epilogue = e->bias || e->residual || e->activation || e->scale || e->gain ? e : NULL;
    if (o->size)
        memcpy(g.c, o->c, o->size * sizeof(float));
    visml_gemm_run(&c, &g, scratch);
    scratch_free(scratch, bytes);
    return g.c;
}

static float *multiplied(const operands *o, const level *l, size_t threads) {
    return multiplied_with(o, l, workers(threads));
}

/* The same from a packed right factor, which is not read in its own place then. */
static float *multiplied_packed(const operands *o, const level *l, size_t threads) {
    visml_parallel parallel = workers(threads);
    visml_compute c = {&l->kernels, &parallel};
    operands packed = *o;
    size_t bytes = visml_gemm_packed_bytes(&c, o->g.n, o->g.k);
    void *memory = scratch_of(bytes);
    visml_gemm_pack(&c, &o->g, memory);
    packed.g.b = NULL;
    packed.g.packed_b = memory;
    float *got = multiplied(&packed, l, threads);
    scratch_free(memory, bytes);
    return got;
}

static double activated(int32_t activation, double x) {
    return activation == VISML_RELU         ? (x > 0 ? x : 0)
           : activation == VISML_LEAKY_RELU ? (x > 0 ? x : 0.25 * x)
           : activation == VISML_SIGMOID    ? 1 / (1 + exp(-x))
           : activation == VISML_TANH       ? tanh(x)
           : activation == VISML_RELU6      ? fmin(x > 0 ? x : 0, 6)
                                            : x;
}

static void check_element(const operands *o, const float *got, int64_t i, int64_t j) {
    const visml_gemm *g = &o->g;
    size_t at = (size_t)(i * g->ldc + j);
    double sum = g->accumulate ? (double)o->c[at] : 0, size = fabs(sum);
    for (int64_t p = 0; p < g->k; p++) {
        double a = (double)o->a[g->trans_a ? p * g->lda + i : i * g->lda + p];
        double b = (double)o->b[g->trans_b ? j * g->ldb + p : p * g->ldb + j];
        sum += a * b;
        size += fabs(a * b);
    }
    sum *= o->epilogue.gain ? (double)o->gain[j] : 1; /* of at most 1 */
    sum += o->epilogue.bias ? (double)o->bias[j] : 0;
    sum += o->epilogue.residual ? (double)o->residual[at] : 0;
    sum = activated(o->epilogue.activation, sum);
    if (o->epilogue.scale) /* of at most 1 */
        sum = sum * (double)o->scale[j] + (double)o->shift[j];
    /* random signs: the error grows like the root of k */
    assert_near(got[at], sum, size + 3, 4 + 0.5 * sqrt((double)g->k), "gemm", at);
}

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t l = 0; l < n; l++) {
            operands o = make(&shapes[s]);
            float *got = multiplied(&o, &levels[l], 2);
            for (int64_t i = 0; i < o.g.m; i++) {
                for (int64_t j = 0; j < o.g.n; j++)
                    check_element(&o, got, i, j);
                for (int64_t j = o.g.n; j < o.g.ldc; j++) /* between the rows */
                    assert_true(same_float(got[i * o.g.ldc + j], o.c[i * o.g.ldc + j]));
            }
            test_guarded_free(got, o.size * sizeof(float));
            drop(&o);
        }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        operands o = make(&shapes[s]);
        float *fused = multiplied(&o, &levels[0], 1);
        for (size_t l = 0; l < n; l++) {
            float *want = levels[l].fused ? fused : multiplied(&o, &levels[l], 1);
            for (size_t t = 0; t < 4; t++) {
                float *got = multiplied(&o, &levels[l], threads[t]);
                assert_same(got, want, o.size, "gemm", levels[l].name);
                test_guarded_free(got, o.size * sizeof(float));
            }
            if (want != fused)
                test_guarded_free(want, o.size * sizeof(float));
        }
        test_guarded_free(fused, o.size * sizeof(float));
        drop(&o);
    }
}

static void same_bits_from_a_packed_factor(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (size_t l = 0; l < n; l++) {
            operands o = make(&shapes[s]);
            float *want = multiplied(&o, &levels[l], 1), *got = multiplied_packed(&o, &levels[l], 2);
            assert_same(got, want, o.size, "packed gemm", levels[l].name);
            test_guarded_free(got, o.size * sizeof(float));
            test_guarded_free(want, o.size * sizeof(float));
            drop(&o);
        }
}

/* A NaN in one row of A reaches that row alone, although rows are computed together. */
static void nan_stays_in_its_row_and_column(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    const shape s = {20, 40, 30, 0, 0, 0, 0};
    for (size_t l = 0; l < n; l++) {
        operands o = make(&s);
        o.a[5 * o.g.lda + 7] = NAN;
        o.b[3 * o.g.ldb + 39] = INFINITY;
        float *got = multiplied(&o, &levels[l], 1);
        for (int64_t i = 0; i < s.m; i++)
            for (int64_t j = 0; j < s.n; j++)
                assert_int_equal(!isfinite(got[i * o.g.ldc + j]), i == 5 || j == 39);
        test_guarded_free(got, o.size * sizeof(float));
        drop(&o);
    }
}

/* Under real threads, many times: columns behind the last whole panel, few rows. */
static void same_bits_on_posix_threads(void **state) {
    (void)state;
    static const shape sizes[] = {{3, 40, 5000, 0, 0, 0, 0}, {1, 1000, 600, 0, 0, 0, 0}, {130, 70, 300, 0, 1, 0, 0},
                                  {300, 75, 520, 0, 0, 0, 0}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    const level *best = &levels[all_levels(levels) - 1];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        operands o = make(&sizes[i]);
        float *want = multiplied(&o, best, 1);
        for (int times = 0; times < 30; times++) {
            float *got = multiplied_with(&o, best, posix_threads());
            assert_same(got, want, o.size, "a product on threads", best->name);
            test_guarded_free(got, o.size * sizeof(float));
        }
        test_guarded_free(want, o.size * sizeof(float));
        drop(&o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(same_bits_from_a_packed_factor),
        cmocka_unit_test(same_bits_on_posix_threads),
        cmocka_unit_test(nan_stays_in_its_row_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
