#include "levels.h"

#include "base/rng.h"
#include "kernel/elementwise.h"
#include "visml/nn.h"

enum { N = 50021 }; /* several pieces of work and a tail */

typedef void operation(const visml_compute *c, const float *a, const float *b, float *y);

static void op_activate(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_activate(c, VISML_LEAKY_RELU, 0.25f, N, a, y);
}
static void op_backward(const visml_compute *c, const float *a, const float *b, float *y) {
    visml_activate_backward(c, VISML_SIGMOID, 0, N, a, b, y);
}
static void op_scale(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_scale(c, N, a, 2, 0.5f, y);
}
static void op_sum(const visml_compute *c, const float *a, const float *b, float *y) {
    visml_sum(c, N, a, b, y);
}
static void op_dropout(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_dropout_apply(c, N, a, 0.25, 0x123456789abcdefu, 42, y);
}
static void op_noise(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_noise_apply(c, N, a, 0.25, 0, 0x123456789abcdefu, 42, y);
}
static void op_factors(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_noise_apply(c, N, a, 0.25, 1, 0x123456789abcdefu, 42, y);
}
static void op_bytes(const visml_compute *c, const float *a, const float *b, float *y) {
    (void)b;
    visml_from_u8(c, N, (const uint8_t *)(const void *)a, y);
}

/* Box and Muller 1958, of 24 bits a number. */
static double normal(size_t i) {
    uint32_t word[4];
    visml_philox(0x123456789abcdefu, 42, i / 4, word);
    uint32_t first = word[i % 4 & 2] >> 8, second = word[(i % 4 & 2) + 1] >> 8;
    double radius = sqrt(-2 * log((first + 1) * 0x1p-24)), angle = 6.283185307179586477 * second * 0x1p-24;
    return radius * (i % 2 ? sin(angle) : cos(angle));
}

static double want_of(size_t op, const float *a, const float *b, size_t i) {
    uint32_t word[4];
    switch (op) {
    case 0:
        return a[i] > 0 ? (double)a[i] : 0.25 * (double)a[i];
    case 1:
        return (double)b[i] * (double)a[i] * (1 - (double)a[i]);
    case 2:
        return 2 * (double)a[i] + 0.5;
    case 3:
        return (double)a[i] + (double)b[i];
    case 4:
        visml_philox(0x123456789abcdefu, 42, i / 4, word);
        return word[i % 4] * 0x1p-32 >= 0.25 ? (double)a[i] / 0.75 : 0;
    case 5:
        return (double)a[i] + 0.25 * normal(i);
    case 6:
        return (double)a[i] * (1 + 0.25 * normal(i));
    default:
        return ((const uint8_t *)(const void *)a)[i];
    }
}

static void agrees_and_repeats(void **state) {
    (void)state;
    static operation *const ops[] = {op_activate, op_backward, op_scale, op_sum, op_dropout, op_noise, op_factors,
                                     op_bytes};
    static const size_t threads[] = {1, 2, 3, 8};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *a = random_array(N, 1), *b = random_array(N, 2), *first = filled_array(N, 0), *y = filled_array(N, 0);
    for (size_t op = 0; op < sizeof ops / sizeof *ops; op++)
        for (size_t l = 0; l < n; l++)
            for (size_t t = 0; t < 4; t++) {
                visml_parallel p = workers(threads[t]);
                visml_compute c = {&levels[l].kernels, &p};
                ops[op](&c, a, b, l == 0 && t == 0 ? first : y);
                for (size_t i = 0; i < N && l == 0 && t == 0; i++)
                    assert_near(first[i], want_of(op, a, b, i), 2, 3, "element", i);
                if ((l || t) && levels[l].fused)
                    assert_same(y, first, N, "operation", levels[l].name);
                if (!levels[l].fused)
                    for (size_t i = 0; i < N; i++)
                        assert_near(y[i], want_of(op, a, b, i), 2, 4, "element", i);
            }
    free(a);
    free(b);
    free(first);
    free(y);
}

static void in_place(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(3);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        float *a = random_array(N, 1), *b = random_array(N, 2), *y = filled_array(N, 0);
        op_activate(&c, a, b, y);
        op_sum(&c, y, b, y);
        op_scale(&c, y, b, y);
        op_dropout(&c, y, b, y);
        op_activate(&c, a, b, a);
        op_sum(&c, a, b, a);
        op_scale(&c, a, b, a);
        op_dropout(&c, a, b, a);
        assert_same(a, y, N, "in place", levels[l].name);
        free(a);
        free(b);
        free(y);
    }
}

static void finds_what_is_not_finite(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    visml_parallel p = workers(2);
    float *x = filled_array(N, 3e38f);
    for (size_t l = 0; l < n; l++) {
        visml_compute c = {&levels[l].kernels, &p};
        assert_int_equal(visml_all_finite(&c, N, x), 1);
        assert_int_equal(visml_all_finite(&c, 0, NULL), 1);
        for (size_t i = 0; i < 3; i++)
            for (size_t at = i; at < N; at += 4999) {
                x[at] = bad[i];
                assert_int_equal(visml_all_finite(&c, N, x), 0);
                x[at] = 1;
            }
    }
    free(x);
}

static void dropout_at_its_ends(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    float *x = random_array(N, 1), *y = filled_array(N, NAN);
    visml_dropout_apply(&c, N, x, 0, 5, 6, y);
    assert_same(y, x, N, "dropout of nothing", "ref");
    visml_dropout_apply(&c, N, x, 1 - 0x1p-50, 5, 6, y);
    for (size_t i = 0; i < N; i++)
        assert_true(y[i] == 0);
    free(x);
    free(y);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_and_repeats),
        cmocka_unit_test(in_place),
        cmocka_unit_test(finds_what_is_not_finite),
        cmocka_unit_test(dropout_at_its_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
