#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/layer.h"
#include "support/support.h"

#define COUNT (40 * 50 * 25)

static visml_memory memory;
static visml_error err;
static real values[COUNT], again[COUNT];

/* A kernel of 40 x 50 inputs and 25 outputs: fan_in 2000, fan_out 25. */
static visml_param_spec spec_of(visml_init init) {
    return (visml_param_spec){"kernel", *VISML_SHAPE(40, 50, 25), init, 1, 2000, 25, 0, 0};
}

static void fill(visml_init init, uint64_t key, real *out) {
    visml_param_spec spec = spec_of(init);
    assert_ok(visml_init_fill(&memory, &spec, key, out, &err), &err);
}

static double mean_of(const real *v) {
    double s = 0;
    for (int i = 0; i < COUNT; i++)
        s += (double)v[i];
    return s / COUNT;
}

static double deviation_of(const real *v) {
    double s = 0, m = mean_of(v);
    for (int i = 0; i < COUNT; i++)
        s += ((double)v[i] - m) * ((double)v[i] - m);
    return sqrt(s / COUNT);
}

static double largest_of(const real *v) {
    double most = 0;
    for (int i = 0; i < COUNT; i++)
        most = fmax(most, fabs((double)v[i]));
    return most;
}

/* Mean 0, this deviation (each to 5 standard errors; the kurtosis of a normal distribution bounds the others'), none past the limit and
 * one near it. */
static void looks(visml_init init, double deviation, double limit) {
    fill(init, 1, values);
    assert_true(fabs(mean_of(values)) < 5 * deviation / sqrt(COUNT));
    assert_true(fabs(deviation_of(values) / deviation - 1) < 5 / sqrt(2.0 * COUNT));
    assert_true(largest_of(values) <= limit * (1 + 1e-7));
    assert_true(largest_of(values) > limit * 0.99);
}

static void constants(void **state) {
    (void)state;
    fill(VISML_INIT_ZEROS, 1, values);
    assert_true(largest_of(values) == 0);
    fill(VISML_INIT_ONES, 1, values);
    assert_true(mean_of(values) == 1 && deviation_of(values) == 0);
}

static void uniform_ones_have_keras_limits(void **state) {
    (void)state;
    looks(VISML_INIT_GLOROT_UNIFORM, sqrt(2.0 / 2025), sqrt(6.0 / 2025));
    looks(VISML_INIT_HE_UNIFORM, sqrt(2.0 / 2000), sqrt(6.0 / 2000));
    looks(VISML_INIT_LECUN_UNIFORM, sqrt(1.0 / 2000), sqrt(3.0 / 2000));
    looks(VISML_INIT_RANDOM_UNIFORM, 0.05 / sqrt(3), 0.05);
}

/* Cut off at two deviations of what is drawn, and of the wanted deviation afterwards. */
static void truncated_ones_have_keras_deviation(void **state) {
    (void)state;
    const double limit = 2 / 0.87962566103423978;
    looks(VISML_INIT_GLOROT_NORMAL, sqrt(2.0 / 2025), limit * sqrt(2.0 / 2025));
    looks(VISML_INIT_HE_NORMAL, sqrt(2.0 / 2000), limit * sqrt(2.0 / 2000));
    looks(VISML_INIT_LECUN_NORMAL, sqrt(1.0 / 2000), limit * sqrt(1.0 / 2000));
}

/* What Keras' own truncated normal gives at these points of its distribution: P(|z| < 1) = 0.715233. */
static void truncated_ones_have_the_right_form(void **state) {
    (void)state;
    int inside = 0;
    fill(VISML_INIT_LECUN_NORMAL, 3, values);
    for (int i = 0; i < COUNT; i++)
        inside += fabs((double)values[i]) < sqrt(1.0 / 2000) / 0.87962566103423978;
    assert_true(fabs(inside / (double)COUNT - 0.715233) < 5 * sqrt(0.715233 * 0.284767 / COUNT));
}

static void the_normal_one_is_not_cut_off(void **state) {
    (void)state;
    fill(VISML_INIT_RANDOM_NORMAL, 1, values);
    assert_true(fabs(deviation_of(values) / 0.05 - 1) < 5 / sqrt(2.0 * COUNT));
    assert_true(largest_of(values) > 3.5 * 0.05 && largest_of(values) < 6 * 0.05);
}

static void elements_are_functions_of_key_and_place(void **state) {
    (void)state;
    for (visml_init init = VISML_INIT_GLOROT_UNIFORM; init <= VISML_INIT_ORTHOGONAL; init++) {
        fill(init, 5, values);
        fill(init, 5, again);
        assert_memory_equal(values, again, sizeof values);
        fill(init, 6, again);
        assert_memory_not_equal(values, again, sizeof values);
        if (init == VISML_INIT_ORTHOGONAL)
            continue;
        visml_param_spec shorter = {"kernel", *VISML_SHAPE(10, 25), init, 1, 2000, 25, 0, 0};
        assert_ok(visml_init_fill(&memory, &shorter, 5, again, &err), &err);
        assert_memory_equal(values, again, 250 * sizeof *values);
    }
}

/* The shorter side of the matrix [prod(all but the last), last] has orthonormal vectors. */
static void is_orthogonal(int64_t rows, int64_t columns) {
    visml_param_spec spec = {"kernel", *VISML_SHAPE(1, rows, columns), VISML_INIT_ORTHOGONAL, 1, rows, columns, 0, 0};
    assert_ok(visml_init_fill(&memory, &spec, 9, values, &err), &err);
    int64_t count = rows < columns ? rows : columns, n = rows < columns ? columns : rows;
    int64_t next = rows < columns ? columns : 1, step = rows < columns ? 1 : columns;
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b <= a; b++) {
            double dot = 0;
            for (int64_t i = 0; i < n; i++)
                dot += (double)values[a * next + i * step] * (double)values[b * next + i * step];
            assert_true(fabs(dot - (a == b)) < 3e-7);
        }
}

static void orthogonal_ones_are(void **state) {
    (void)state;
    is_orthogonal(60, 25);
    is_orthogonal(25, 60);
    is_orthogonal(40, 40);
    is_orthogonal(1, 1);
    is_orthogonal(1, 7);
}

static void some_start_at_one(void **state) {
    (void)state;
    visml_param_spec spec = {"bias", *VISML_SHAPE(8), VISML_INIT_ZEROS, 1, 8, 8, 2, 4};
    assert_ok(visml_init_fill(&memory, &spec, 1, values, &err), &err);
    for (int i = 0; i < 8; i++)
        assert_true(values[i] == (i == 2 || i == 3));
    spec.init = VISML_INIT_RANDOM_UNIFORM;
    assert_ok(visml_init_fill(&memory, &spec, 1, values, &err), &err);
    for (int i = 0; i < 8; i++)
        assert_true((values[i] == 1) == (i == 2 || i == 3));
}

static void a_failed_allocation_is_an_error(void **state) {
    (void)state;
    test_allocator a;
    visml_memory poor;
    visml_param_spec spec = spec_of(VISML_INIT_ORTHOGONAL);
    test_allocator_init(&a);
    assert_ok(visml_memory_init(&poor, &a.table, 0, &err), &err);
    a.countdown = 1;
    assert_status(visml_init_fill(&poor, &spec, 1, values, &err), VISML_ENOMEM, &err);
    assert_ok(visml_init_fill(&poor, &spec, 1, values, &err), &err);
    assert_int_equal(a.live, 0);
}

static int setup(void **state) {
    (void)state;
    return visml_memory_init(&memory, NULL, 0, &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants),
        cmocka_unit_test(uniform_ones_have_keras_limits),
        cmocka_unit_test(truncated_ones_have_keras_deviation),
        cmocka_unit_test(truncated_ones_have_the_right_form),
        cmocka_unit_test(the_normal_one_is_not_cut_off),
        cmocka_unit_test(elements_are_functions_of_key_and_place),
        cmocka_unit_test(orthogonal_ones_are),
        cmocka_unit_test(some_start_at_one),
        cmocka_unit_test(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
