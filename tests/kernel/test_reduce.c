#include "levels.h"

#include "kernel/reduce.h"

static const size_t lengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 1000, 16384, 16385, 50021, 64 * 16384 + 1, 3000017};
#define LENGTHS (sizeof lengths / sizeof *lengths)
#define LONGEST 3000017

/* The sum along the stated order by plain loops: four chains of 16 lanes, lanes by halves, spans of 16384 by a tree that carries. */
static float span_by_hand(size_t n, const float *x) {
    float lane[64] = {0};
    for (size_t i = 0; i < n; i++)
        lane[i % 64] += x[i];
    for (int l = 0; l < 16; l++)
        lane[l] = (lane[l] + lane[16 + l]) + (lane[32 + l] + lane[48 + l]);
    for (int half = 8; half; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static void sums_agree(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *x = random_array(LONGEST, 1), *y = random_array(LONGEST, 2);
    for (size_t i = 0; i < LENGTHS; i++) {
        double sum = 0, squares = 0, dot = 0, size = 0, products = 0;
        float first[4] = {0};
        for (size_t j = 0; j < lengths[i]; j++) {
            sum += (double)x[j];
            size += fabs((double)x[j]);
            squares += (double)x[j] * (double)x[j];
            dot += (double)x[j] * (double)y[j];
            products += fabs((double)x[j] * (double)y[j]);
        }
        for (size_t l = 0; l < n; l++)
            for (size_t threads = 1; threads <= 8; threads += 7) {
                visml_parallel p = workers(threads);
                visml_compute c = {&levels[l].kernels, &p};
                float got[4] = {visml_reduce_sum(&c, lengths[i], x), visml_reduce_squares(&c, lengths[i], x),
                                visml_reduce_dot(&c, lengths[i], x, y), visml_reduce_abs(&c, lengths[i], x)};
                assert_near(got[0], sum, size, 3, "sum", i);
                assert_near(got[1], squares, squares, 3, "squares", i);
                assert_near(got[2], dot, products, 3, "dot", i);
                assert_near(got[3], size, size, 3, "magnitudes", i);
                if (l == 0 && threads == 1)
                    memcpy(first, got, sizeof got);
                if (levels[l].fused)
                    assert_same(got, first, 4, "sums", levels[l].name);
                if (lengths[i] <= 16384)
                    assert_true(got[0] == span_by_hand(lengths[i], x));
                if (lengths[i] == 16385)
                    assert_true(got[0] == span_by_hand(16384, x) + x[16384]);
            }
    }
    free(x);
    free(y);
}

static void expect_extremes(const visml_compute *c, size_t n, const float *x, float least, float most, int64_t at) {
    assert_true(same_float(visml_reduce_min(c, n, x), least));
    assert_true(same_float(visml_reduce_max(c, n, x), most));
    assert_int_equal(visml_reduce_argmax(c, n, x), at);
    assert_int_equal(c->kernels->reduce_argmax(n, x), at);
}

static void extremes_and_where(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(3);
    float *x = random_array(LONGEST, 3);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        expect_extremes(&c, 0, x, INFINITY, -INFINITY, -1);
        for (size_t i = 1; i < LENGTHS; i++) {
            size_t top = lengths[i] * 2 / 3, low = lengths[i] / 3, last = lengths[i] - 1;
            float kept[3] = {x[top], x[low], x[last]};
            x[last] = 7;
            x[low] = -5;
            x[top] = 7; /* the first of two */
            expect_extremes(&c, lengths[i], x, lengths[i] > 1 ? -5 : 7, 7, (int64_t)top);
            x[last] = NAN;
            expect_extremes(&c, lengths[i], x, NAN, NAN, (int64_t)last);
            x[low] = NAN;
            expect_extremes(&c, lengths[i], x, NAN, NAN, (int64_t)low);
            x[top] = kept[0];
            x[low] = kept[1];
            x[last] = kept[2];
        }
    }
    free(x);
}

static void special_values(void **state) {
    (void)state;
    static const float zeros[] = {-0.0f, 0.0f, -0.0f}, ends[] = {-INFINITY, 1, INFINITY}, below[] = {-INFINITY, -INFINITY};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(1);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        expect_extremes(&c, 3, zeros, 0, 0, 0);
        expect_extremes(&c, 3, ends, -INFINITY, INFINITY, 2);
        expect_extremes(&c, 2, below, -INFINITY, -INFINITY, 0);
        assert_true(isnan(visml_reduce_sum(&c, 3, ends)) && visml_reduce_squares(&c, 3, ends) == INFINITY);
        assert_true(visml_reduce_sum(&c, 0, NULL) == 0 && visml_reduce_dot(&c, 0, NULL, NULL) == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(extremes_and_where),
        cmocka_unit_test(special_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
