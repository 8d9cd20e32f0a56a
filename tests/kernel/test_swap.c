#include "levels.h"

#include "kernel/swap.h"

static void every_element_changes_places(void **state) {
    (void)state;
    static const struct {
        int64_t n, rows, cols;
    } shapes[] = {{0, 3, 4}, {1, 1, 1}, {2, 3, 5}, {3, 17, 16}, {1, 700, 300}, {2, 0, 4}, {2, 5, 0}, {40, 33, 9}};
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            visml_parallel p = workers(1 + s % 3);
            visml_compute c = {&levels[l].kernels, &p};
            int64_t rows = shapes[s].rows, cols = shapes[s].cols, all = shapes[s].n * rows * cols;
            float *from = random_array((size_t)all, s), *to = test_guarded((size_t)all * sizeof *to);
            visml_swap(&c, shapes[s].n, rows, cols, from, to);
            for (int64_t i = 0; i < all; i++) {
                int64_t matrix = i / (rows * cols) * rows * cols, row = (i - matrix) / cols, col = (i - matrix) % cols;
                assert_true(to[matrix + col * rows + row] == from[i]);
            }
            test_guarded_free(to, (size_t)all * sizeof *to);
            free(from);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_element_changes_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
