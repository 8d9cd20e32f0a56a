/* How products are cut for threads: all of it, nothing twice, tiles of equal size that fit the packed rows' room. */
#include "kernel/tiling.h"
#include "kernel/span.h"
#include "support/support.h"

static void check(int64_t m, int64_t mr, int64_t mc, int64_t panels, size_t workers) {
    visml_cut c = visml_cut_product(m, mr, mc, panels, workers);
    int64_t most = visml_blocks(m, mr) * panels, area = 0;
    size_t tiles = visml_cut_tiles(&c);
    for (size_t i = 0; i < tiles; i++) {
        visml_tile t = visml_tile_at(&c, i);
        int64_t rows = t.row_end - t.row, cols = t.panel_end - t.panel;
        assert_true(t.row >= 0 && rows > 0 && rows <= mc && t.row_end <= m);
        assert_true(t.panel >= 0 && cols > 0 && t.panel_end <= panels);
        assert_true(rows * c.row_blocks < m + c.row_blocks && cols * c.col_blocks < panels + c.col_blocks); /* of equal size */
        area += rows * cols;
    }
    assert_int_equal(area, m * panels);
    if (m <= mr)
        assert_int_equal(c.row_blocks, 1);
    if (workers == 1)
        assert_int_equal(c.col_blocks, 1);
    if (most >= 4 * (int64_t)workers && 2 * tiles < workers)
        fail_msg("%d rows, %d panels: %d tiles for %d workers", (int)m, (int)panels, (int)tiles, (int)workers);
}

static void tiles_cover_the_product(void **state) {
    (void)state;
    static const int64_t sizes[] = {1, 2, 3, 7, 14, 15, 49, 56, 100, 112, 113, 196, 500, 784, 3136, 100003};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int64_t panels = 1; panels < 100; panels += panels / 3 + 1)
            for (size_t workers = 1; workers <= 64; workers *= 2) {
                check(sizes[i], 14, 112, panels, workers);
                check(sizes[i], 6, 96, panels, workers);
            }
}

/* Few rows and a wide right factor, of which each thread is to read a part alone. */
static void few_rows_are_left_whole(void **state) {
    (void)state;
    visml_cut c = visml_cut_product(49, 14, 112, 16, 2);
    assert_int_equal(c.row_blocks, 1);
    assert_int_equal(c.col_blocks, 4);
}

/* What a worker's share begins with: all rows of some panels. */
static void tiles_of_the_same_panels_follow_each_other(void **state) {
    (void)state;
    visml_cut c = {.rows = 10, .panels = 5, .row_blocks = 3, .col_blocks = 2};
    static const visml_tile expected[] = {{0, 3, 0, 2}, {3, 6, 0, 2}, {6, 10, 0, 2}, {0, 3, 2, 5}, {3, 6, 2, 5}, {6, 10, 2, 5}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        visml_tile t = visml_tile_at(&c, i);
        assert_memory_equal(&t, &expected[i], sizeof t);
    }
}

static void nothing_is_cut_into_nothing(void **state) {
    (void)state;
    assert_int_equal(visml_cut_product(0, 14, 112, 3, 2).row_blocks, 0);
    assert_int_equal(visml_cut_product(5, 14, 112, 0, 2).col_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tiles_cover_the_product), cmocka_unit_test(few_rows_are_left_whole),
                                       cmocka_unit_test(tiles_of_the_same_panels_follow_each_other),
                                       cmocka_unit_test(nothing_is_cut_into_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
