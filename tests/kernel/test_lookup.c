#include "levels.h"

#include "kernel/lookup.h"

enum { N = 3001, ROWS = 77, WIDTH = 19 }; /* several pieces of work each */

static void agrees_with_double(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    float *ids = filled_array(N, 0), *table = random_array(ROWS * WIDTH, 1), *dy = random_array(N * WIDTH, 2);
    float *y = filled_array(N * WIDTH, 0), *sums = filled_array(ROWS * WIDTH, 0);
    double *want = calloc(ROWS * WIDTH, sizeof *want);
    uint64_t seed = 3;
    for (size_t i = 0; i < N; i++) {
        ids[i] = (float)(test_random(&seed) % ROWS);
        for (size_t k = 0; k < WIDTH && i % 10; k++)
            want[(size_t)ids[i] * WIDTH + k] += (double)dy[i * WIDTH + k];
        if (i % 10 == 0) /* no row's number */
            ids[i] = i % 20 ? -1 : ROWS;
    }
    for (size_t l = 0; l < n; l++) {
        visml_parallel p = posix_threads();
        visml_compute c = {&levels[l].kernels, &p};
        visml_lookup(&c, N, ids, ROWS, WIDTH, table, y);
        for (size_t i = 0; i < N * WIDTH; i++)
            assert_true(i / WIDTH % 10 ? y[i] == table[(size_t)ids[i / WIDTH] * WIDTH + i % WIDTH] : isnan(y[i]));
        visml_lookup_backward(&c, N, ids, ROWS, WIDTH, dy, sums);
        for (size_t i = 0; i < ROWS * WIDTH; i++)
            assert_near(sums[i], want[i], 40, 40, "sum", i);
    }
    free(ids);
    free(table);
    free(dy);
    free(y);
    free(sums);
    free(want);
}

/* More rows than numbers, and a table in one piece of work a row. */
static void rows_that_nobody_asks_for_have_no_gradient(void **state) {
    (void)state;
    static level levels[MAX_LEVELS]; /* too large for a frame */
    visml_parallel p = workers(2);
    all_levels(levels);
    visml_compute c = {&levels[0].kernels, &p};
    float ids[2] = {4, 4}, dy[2] = {1, 2}, sums[9];
    visml_lookup_backward(&c, 2, ids, 9, 1, dy, sums);
    for (int i = 0; i < 9; i++)
        assert_true(sums[i] == (i == 4 ? 3 : 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_double),
        cmocka_unit_test(rows_that_nobody_asks_for_have_no_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
