#include "convolution.h"

static const shape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {1, 5, 7, 3, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 6, 5, 3, 8, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {3, 9, 8, 4, 6, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 1},
    {2, 9, 11, 2, 5, 5, 3, 2, 1, 1, 1, 2, 1, 2, 1, 1},     {1, 12, 12, 5, 3, 3, 3, 1, 1, 2, 3, 2, 3, 2, 3, 1},
    {2, 11, 10, 3, 4, 3, 2, 3, 2, 2, 3, 1, 2, 3, 4, 1},    {2, 7, 7, 6, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 3},
    {2, 6, 6, 8, 8, 3, 3, 2, 2, 1, 1, 0, 0, 1, 1, 8},      {1, 8, 8, 20, 33, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {2, 8, 8, 16, 17, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0, 1},    {1, 6, 6, 40, 35, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {1, 4, 4, 2, 3, 4, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1},      {2, 3, 3, 2, 3, 5, 5, 1, 1, 1, 1, 2, 2, 2, 2, 1},
    {5, 24, 23, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},    {3, 30, 29, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {2, 9, 9, 4, 4, 2, 2, 4, 4, 1, 1, 0, 0, 0, 0, 1},      {1, 10, 10, 2, 2, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0, 2},
    {2, 20, 19, 3, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},   {1, 23, 30, 3, 64, 7, 7, 2, 2, 1, 1, 3, 3, 3, 3, 1},
    {3, 9, 18, 4, 32, 3, 2, 1, 3, 2, 1, 0, 1, 2, 0, 1},    {2, 16, 16, 32, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {0, 5, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},      {6, 20, 20, 1, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {9, 16, 15, 9, 32, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},   {1, 5, 5, 130, 64, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {2, 6, 5, 300, 40, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},   {1, 4, 4, 33, 270, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {3, 11, 9, 600, 40, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},  {2, 13, 12, 270, 290, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1},
    {1, 5, 6, 40, 33, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 1},    {1, 9, 8, 70, 40, 3, 2, 2, 2, 1, 1, 1, 0, 0, 1, 1},
    {2, 4, 5, 16, 300, 3, 3, 1, 1, 2, 1, 2, 1, 2, 1, 1},   {3, 4, 4, 20, 32, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static void agrees_with_double(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        visml_conv2d_geometry g = geometry(&shapes[i]);
        check_against_double(&shapes[i], -1, visml_winograd_choice(&g) ? VISML_WINOGRAD_ERROR_4 : 12);
    }
}

static void same_bits_for_threads_and_levels(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPES; i++)
        check_bits(&shapes[i], -1);
}

/* A first layer, a large one, one with groups, 1 x 1, few outputs. */
static void same_bits_on_posix_threads(void **state) {
    (void)state;
    const size_t some[] = {7, 11, 14, 18, 19, 24, 26, 28, 29, 31};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        check_threads(&shapes[some[i]], -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(same_bits_for_threads_and_levels),
        cmocka_unit_test(same_bits_on_posix_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
