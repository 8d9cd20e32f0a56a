/* Round numbers along axes. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "plot/ticks.h"
#include "support/support.h"

/* All ticks, with blanks between them. */
static void assert_ticks(double low, double high, const char *want) {
    char text[512] = "";
    visml_ticks t = visml_ticks_make(low, high, 6);
    for (int32_t i = 0; i < t.count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, visml_tick_text(&t, i).s);
    }
    assert_string_equal(text, want);
}

static void ticks_are_round(void **state) {
    (void)state;
    assert_ticks(0, 1, "0.0 0.2 0.4 0.6 0.8 1.0");
    assert_ticks(0, 10, "0 2 4 6 8 10");
    assert_ticks(-1, 1, "-1.0 -0.5 0.0 0.5 1.0");
    assert_ticks(-0.3, 0.3, "-0.3 -0.2 -0.1 0.0 0.1 0.2 0.3");
    assert_ticks(3, 97, "20 40 60 80");
    assert_ticks(0.1, 0.103, "0.1000 0.1005 0.1010 0.1015 0.1020 0.1025 0.1030");
    assert_ticks(0, 5e6, "0e+00 1e+06 2e+06 3e+06 4e+06 5e+06");
    assert_ticks(1e-9, 6e-9, "1e-09 2e-09 3e-09 4e-09 5e-09 6e-09");
    assert_ticks(0, 999999, "0 200000 400000 600000 800000");
    assert_ticks(10000000, 10000050, "1.000000e+07 1.000001e+07 1.000002e+07 1.000003e+07 1.000004e+07 1.000005e+07");
}

/* Any ends that floats can have: some ticks, all of them between the ends (but for a rounding), in steps of 1, 2 or 5. */
static void any_range_has_ticks(void **state) {
    const double ends[] = {-(double)FLT_MAX, -1e20, -3.7, -1e-20, 0, 1e-44, 1e-20, 0.1, 1, 3.14159, 1e6, 1e20, (double)FLT_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (size_t j = i; j < sizeof ends / sizeof *ends; j++) {
            double low = ends[i], high = ends[j];
            visml_ticks_widen(&low, &high);
            assert_true(low < high && low <= ends[i] && high >= ends[j]);
            visml_ticks t = visml_ticks_make(low, high, 6);
            assert_in_range(t.count, 2, 12);
            assert_true(visml_tick_value(&t, 0) >= low - 1e-8 * t.step);
            assert_true(visml_tick_value(&t, t.count - 1) <= high + 1e-8 * t.step);
        }
}

static void what_does_not_vary_is_widened(void **state) {
    double low = 0, high = 0;
    (void)state;
    visml_ticks_widen(&low, &high);
    assert_true(low == -0.5 && high == 0.5);
    low = high = -4;
    visml_ticks_widen(&low, &high);
    assert_true(low == -6 && high == -2);
    low = 1, high = 2;
    visml_ticks_widen(&low, &high);
    assert_true(low == 1 && high == 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(any_range_has_ticks),
        cmocka_unit_test(what_does_not_vary_is_widened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
