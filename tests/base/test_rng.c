#include "support/support.h"

#include <math.h>

#include "base/rng.h"

/* Known answers of the Random123 library's own tests (Salmon et al. 2011). */
static void philox_gives_the_known_answers(void **state) {
    (void)state;
    static const struct {
        uint64_t key, hi, lo;
        uint32_t out[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        visml_philox(known[i].key, known[i].hi, known[i].lo, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

static void streams_differ_and_repeat(void **state) {
    (void)state;
    assert_int_not_equal(visml_key(1, 2), visml_key(2, 1));
    assert_int_not_equal(visml_key(1, 2), visml_key(1, 3));
    assert_int_equal(visml_key(1, 2), visml_key(1, 2));
}

static void moments_are_right(void **state) {
    (void)state;
    visml_rng r;
    double sum = 0, squares = 0, normal = 0, normal2 = 0;
    const int n = 200000;
    visml_rng_init(&r, 42);
    for (int i = 0; i < n; i++) {
        double u = visml_rng_uniform(&r), z = visml_rng_normal(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
        normal += z;
        normal2 += z * z;
    }
    /* five standard errors */
    assert_true(fabs(sum / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(squares / n - 1.0 / 3) < 5 * sqrt(4.0 / 45 / n));
    assert_true(fabs(normal / n) < 5 / sqrt(n));
    assert_true(fabs(normal2 / n - 1) < 5 * sqrt(2.0 / n));
}

static void below_is_even_and_in_range(void **state) {
    (void)state;
    visml_rng r;
    int counts[7] = {0};
    visml_rng_init(&r, 7);
    for (int i = 0; i < 70000; i++)
        counts[visml_rng_below(&r, 7)]++;
    double chi = 0;
    for (int i = 0; i < 7; i++)
        chi += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000.0;
    assert_true(chi < 22.5); /* 0.999 of 6 degrees of freedom */
    assert_int_equal(visml_rng_below(&r, 1), 0);
    uint64_t big = (UINT64_MAX / 3) * 2; /* a third of all draws are rejected here */
    for (int i = 0; i < 1000; i++)
        assert_true(visml_rng_below(&r, big) < big);
}

static void shuffles_keep_every_number(void **state) {
    (void)state;
    int64_t v[100], first[100], seen = 0;
    visml_rng r;
    for (int64_t i = 0; i < 100; i++)
        v[i] = first[i] = i;
    visml_rng_init(&r, 1);
    visml_rng_shuffle(&r, v, 100);
    int moved = 0;
    for (int i = 0; i < 100; i++) {
        seen += v[i];
        moved += v[i] != first[i];
    }
    assert_int_equal(seen, 4950);
    assert_true(moved > 80);
    visml_rng_shuffle(&r, v, 0);
    visml_rng_shuffle(&r, v, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers), cmocka_unit_test(streams_differ_and_repeat),
        cmocka_unit_test(moments_are_right),              cmocka_unit_test(below_is_even_and_in_range),
        cmocka_unit_test(shuffles_keep_every_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
