/* Both sizes of tiles over every kind of border, against plain double loops, with the bounds that kernel/winograd.h states. */
#include "convolution.h"

static const shape shapes[] = {
    {1, 4, 4, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},       {2, 6, 7, 3, 5, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {1, 9, 6, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},     {3, 10, 11, 17, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 13, 5, 40, 70, 3, 3, 1, 1, 1, 1, 2, 0, 0, 2, 1},    {1, 8, 8, 300, 20, 3, 3, 1, 1, 1, 1, 0, 1, 1, 0, 1},
    {1, 3, 3, 20, 20, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},     {1, 1, 1, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {9, 30, 30, 16, 16, 3, 3, 1, 1, 1, 1, 2, 2, 2, 2, 1},   {1, 6, 6, 20, 290, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {0, 6, 6, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},     {40, 8, 8, 18, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void agrees_with_double(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        check_against_double(&shapes[i], 2, VISML_WINOGRAD_ERROR_2);
        check_against_double(&shapes[i], 4, VISML_WINOGRAD_ERROR_4);
    }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        check_bits(&shapes[i], 2);
        check_bits(&shapes[i], 4);
    }
}

static void same_bits_on_posix_threads(void **state) {
    (void)state;
    check_threads(&shapes[4], 2);
    check_threads(&shapes[8], 4);
    static const shape large = {1, 24, 24, 176, 180, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}; /* sums that no cache holds */
    check_threads(&large, 4);
}

/* Chosen by one image's shape; never where it cannot be used. */
static void choice(void **state) {
    (void)state;
    const shape good = {1, 32, 32, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    visml_conv2d_geometry g = geometry(&good);
    int32_t m = visml_winograd_choice(&g);
    assert_true(m == 2 || m == 4);
    g.n = 100;
    assert_int_equal(visml_winograd_choice(&g), m);
    static const shape not_so[] = {
        {1, 32, 32, 64, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1}, {1, 32, 32, 64, 64, 3, 3, 1, 1, 2, 2, 2, 2, 2, 2, 1},
        {1, 32, 32, 64, 64, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, 1}, {1, 32, 32, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4},
        {1, 32, 32, 3, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},  {1, 32, 32, 64, 64, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    };
    for (size_t i = 0; i < sizeof not_so / sizeof *not_so; i++) {
        g = geometry(&not_so[i]);
        assert_int_equal(visml_winograd_choice(&g), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(same_bits_on_posix_threads),
        cmocka_unit_test(choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
