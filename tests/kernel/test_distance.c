#include "levels.h"

#include "kernel/distance.h"
#include "support/golden.h"

static const char *const names[] = {"?", "L2", "L1", "cosine", "chi-square", "intersection"};

static void run(const level *l, size_t threads, visml_distances x, float *out) {
    visml_parallel p = workers(threads);
    visml_compute c = {&l->kernels, &p};
    x.out = out;
    size_t room = visml_distances_scratch(&c, &x);
    void *scratch = scratch_of(room);
    visml_distances_run(&c, &x, scratch);
    scratch_free(scratch, room);
}

/* SciPy's cdist, scikit-learn's additive_chi2_kernel, OpenCV's compareHist. */
static void as_others_measure(void **state) {
    (void)state;
    static const int64_t lengths[] = {5, 64, 131};
    test_golden g = test_golden_open("kernels.bin");
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t s = 0; s < 3; s++) {
        int64_t d = lengths[s];
        test_array a = test_golden_find(&g, "a-%d", (int)d), b = test_golden_find(&g, "b-%d", (int)d);
        test_array want = test_golden_find(&g, "distances-%d", (int)d);
        assert_true(a.count == 9 * d && b.count == 7 * d && want.count == 5 * 63);
        for (size_t l = 0; l < n; l++)
            for (int32_t kind = VISML_DISTANCE_L2; kind <= VISML_DISTANCE_INTERSECTION; kind++)
                for (int32_t fast = 0; fast <= (kind == VISML_DISTANCE_L2 || kind == VISML_DISTANCE_COSINE); fast++) {
                    visml_distances x = {.kind = kind, .by_product = fast, .n = 9, .m = 7, .d = d, .a = a.values, .b = b.values};
                    float out[63];
                    x.lda = x.ldb = d;
                    x.ldo = 7;
                    run(&levels[l], 2, x, out);
                    for (size_t i = 0; i < 63; i++) {
                        double w = (double)want.values[63 * (kind - 1) + (int32_t)i], size = fmax(w, fast ? (double)d : 1);
                        if (!(fabs((double)out[i] - w) <= 4 * 0x1p-24 * size) || out[i] < 0)
                            fail_msg("%s%s at %s, %lld numbers: element %zu is %.9g, not %.9g", names[kind], fast ? " by product" : "",
                                     levels[l].name, (long long)d, i, (double)out[i], w);
                    }
                }
        free(a.values);
        free(b.values);
        free(want.values);
    }
    test_golden_close(&g);
}

static double by_hand(int32_t kind, int64_t d, const float *a, const float *b) {
    double s = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < d; i++) {
        double x = (double)a[i], y = (double)b[i], e = x - y;
        aa += x * x;
        bb += y * y;
        s += kind == VISML_DISTANCE_L2       ? e * e
             : kind == VISML_DISTANCE_L1     ? fabs(e)
             : kind == VISML_DISTANCE_COSINE ? x * y
             : kind == VISML_DISTANCE_CHI2   ? (x + y != 0 ? e * e / (x + y) : 0)
                                             : fmin(x, y);
    }
    return kind == VISML_DISTANCE_COSINE ? 1 - s / sqrt(aa * bb) : s;
}

/* Several pieces of work in both directions, rows with gaps, any number of threads. */
static void pieces_and_threads(void **state) {
    (void)state;
    enum { N = 37, M = 301, D = 200, LD = 203, LDO = 305 };
    float *a = random_array(N * LD, 1), *b = random_array(M * LD, 2), *first = filled_array(N * LDO, -7), *out = filled_array(N * LDO, -7);
    for (size_t i = 0; i < N * LD; i++)
        a[i] = fabsf(a[i]);
    for (size_t i = 0; i < M * LD; i++)
        b[i] = fabsf(b[i]);
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (int32_t kind = VISML_DISTANCE_L2; kind <= VISML_DISTANCE_INTERSECTION; kind++)
        for (int32_t fast = 0; fast <= (kind == VISML_DISTANCE_L2 || kind == VISML_DISTANCE_COSINE); fast++)
            for (size_t l = 0; l < n; l++)
                for (size_t threads = 1; threads <= 4; threads += 3) {
                    visml_distances x = {.kind = kind, .by_product = fast, .n = N, .m = M, .d = D, .a = a, .b = b};
                    x.lda = x.ldb = LD;
                    x.ldo = LDO;
                    float *to = l == 0 && threads == 1 ? first : out;
                    run(&levels[l], threads, x, to);
                    if (to == out && levels[l].fused)
                        assert_same(out, first, N * LDO, names[kind], levels[l].name);
                    for (size_t i = 0; i < N * LDO; i++)
                        if (i % LDO >= M)
                            assert_true(to[i] == -7);
                        else
                            assert_near(to[i], by_hand(kind, D, a + i / LDO * LD, b + i % LDO * LD), fast ? 2 * D / 3.0 : D / 6.0,
                                        fast ? 4 + sqrt(D) : 6, names[kind], i);
                }
    free(a);
    free(b);
    free(first);
    free(out);
}

static void nothing_and_what_is_not_finite(void **state) {
    (void)state;
    static const float a[] = {0, 0, 1, NAN, INFINITY, 1}, b[] = {0, 0, 3, 4};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (int32_t kind = VISML_DISTANCE_L2; kind <= VISML_DISTANCE_INTERSECTION; kind++) {
            visml_distances x = {.kind = kind, .n = 3, .m = 2, .d = 2, .a = a, .b = b, .lda = 2, .ldb = 2, .ldo = 2};
            float out[6];
            run(&levels[l], 1, x, out);
            assert_true(out[0] == (kind == VISML_DISTANCE_COSINE));
            assert_true(isnan(out[3]));
            assert_true(kind == VISML_DISTANCE_L2 || kind == VISML_DISTANCE_L1 ? isinf(out[5]) : 1);
            x.d = 0;
            run(&levels[l], 1, x, out);
            for (size_t i = 0; i < 6; i++)
                assert_true(out[i] == (kind == VISML_DISTANCE_COSINE));
            x.n = 0;
            run(&levels[l], 1, x, out);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_others_measure),
        cmocka_unit_test(pieces_and_threads),
        cmocka_unit_test(nothing_and_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
