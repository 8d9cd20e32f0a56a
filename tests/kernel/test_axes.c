#include "levels.h"

#include "kernel/axes.h"

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
            visml_axes_swap(&c, shapes[s].n, rows, cols, from, to);
            for (int64_t i = 0; i < all; i++) {
                int64_t matrix = i / (rows * cols) * rows * cols, row = (i - matrix) / cols, col = (i - matrix) % cols;
                assert_true(to[matrix + col * rows + row] == from[i]);
            }
            test_guarded_free(to, (size_t)all * sizeof *to);
            free(from);
        }
}

/* Where element i of y is in x, both of one array. */
static int64_t origin(int32_t rank, const int64_t *dims, const int32_t *order, int64_t i) {
    int64_t step[VISML_AXES], count = 1, at = 0;
    for (int32_t a = rank; a--; count *= dims[a])
        step[a] = count;
    for (int32_t a = rank; a--; i /= dims[order[a]])
        at += i % dims[order[a]] * step[order[a]];
    return at;
}

static void axes_in_any_order(void **state) {
    (void)state;
    static const struct {
        int64_t n;
        int32_t rank;
        int64_t dims[VISML_AXES];
        int32_t order[VISML_AXES];
    } cases[] = {
        {2, 1, {5}, {0}},
        {3, 3, {4, 5, 6}, {0, 1, 2}}, /* all of it in one row */
        {2, 3, {4, 5, 6}, {1, 0, 2}}, /* rows are copied */
        {2, 3, {4, 5, 6}, {2, 0, 1}},
        {2, 3, {4, 5, 6}, {2, 1, 0}}, /* planes are turned */
        {2, 3, {1, 7, 1}, {2, 1, 0}},
        {1, 2, {1, 1}, {1, 0}},
        {2, 3, {4, 0, 6}, {2, 1, 0}},
        {0, 2, {4, 6}, {1, 0}},
        {2, 4, {3, 2, 5, 4}, {3, 1, 2, 0}},
        {2, 4, {300, 3, 2, 200}, {2, 1, 3, 0}}, /* planes of more than one piece */
        {1, 3, {300, 2, 200}, {1, 0, 2}},
        {1, 8, {2, 3, 2, 3, 2, 3, 2, 3}, {7, 2, 5, 0, 3, 6, 1, 4}},
    };
    static level levels[MAX_LEVELS]; /* too large for a frame */
    size_t n = all_levels(levels);
    for (size_t l = 0; l < n; l++)
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            visml_parallel p = workers(1 + k % 3);
            visml_compute c = {&levels[l].kernels, &p};
            int64_t one = 1;
            for (int32_t a = 0; a < cases[k].rank; a++)
                one *= cases[k].dims[a];
            size_t all = (size_t)(cases[k].n * one);
            float *x = random_array(all, k), *y = test_guarded(all * sizeof *y);
            visml_axes_permute(&c, cases[k].n, cases[k].rank, cases[k].dims, cases[k].order, x, y);
            for (int64_t i = 0; i < (int64_t)all; i++)
                assert_true(y[i] == x[i / one * one + origin(cases[k].rank, cases[k].dims, cases[k].order, i % one)]);
            test_guarded_free(y, all * sizeof *y);
            free(x);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_changes_places),
        cmocka_unit_test(axes_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
