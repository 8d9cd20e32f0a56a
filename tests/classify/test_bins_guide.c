/* Places among cuts beside counting them. */
#include <float.h>
#include <stdlib.h>

#include "classify/bins_guide.h"
#include "classify/tree_insides.h"

enum { MOST = 255, N = 2000 };

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int count_up_to(const float *cuts, int count, float v) {
    int n = 0;
    for (int i = 0; i < count; i++)
        n += cuts[i] <= v;
    return n;
}

/* Around all cuts, and far from them. */
static void assert_places(const float *cuts, int count) {
    static float numbers[4 * MOST + N];
    static uint8_t places[4 * MOST + N];
    uint64_t seed = 5;
    int n = 0;
    visml_cut_guide g;
    for (int i = 0; i < count; i++) {
        numbers[n++] = cuts[i];
        numbers[n++] = nextafterf(cuts[i], -FLT_MAX);
        numbers[n++] = nextafterf(cuts[i], FLT_MAX);
        numbers[n++] = -cuts[i];
    }
    for (int i = 0; i < N; i++)
        numbers[n++] = 300 * test_random_float(&seed);
    visml_cut_guide_make(&g, count, cuts);
    visml_cut_places(&g, n, numbers, places);
    for (int i = 0; i < n; i++)
        if (places[i] != count_up_to(cuts, count, numbers[i]))
            fail_msg("%.9g is at place %d of %d cuts, must be %d", (double)numbers[i], places[i], count,
                     count_up_to(cuts, count, numbers[i]));
}

static void places_are_counts_of_cuts(void **state) {
    float cuts[MOST + 1];
    uint64_t seed = 3;
    (void)state;
    for (int count = 0; count <= MOST; count = 2 * count + 1) {
        for (int i = 0; i < count; i++)
            cuts[i] = 250 * test_random_float(&seed);
        qsort(cuts, (size_t)count, sizeof *cuts, ascending);
        cuts[count] = INFINITY;
        assert_places(cuts, count);
    }
}

/* Whole numbers; many in one cell; a span that is no float; one that is hardly any. */
static void any_distances_will_do(void **state) {
    float whole[MOST + 1], close[MOST + 1], wide[] = {-FLT_MAX, -1, 0, 1, FLT_MAX, INFINITY}, tiny[] = {0, FLT_TRUE_MIN, 3e-45F, INFINITY};
    (void)state;
    for (int i = 0; i < MOST; i++)
        whole[i] = (float)(i + 1), close[i] = i < MOST - 1 ? (float)i / 1024 : 200;
    whole[MOST] = close[MOST] = INFINITY;
    assert_places(whole, MOST);
    assert_places(close, MOST);
    assert_places(wide, 5);
    assert_places(tiny, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(places_are_counts_of_cuts), cmocka_unit_test(any_distances_will_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
