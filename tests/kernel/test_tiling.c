/* How products are cut for threads: all of it, nothing twice, tiles that fit the packed rows' room. */
#include "kernel/tiling.h"
#include "kernel/span.h"
#include "support/support.h"

static void check(int64_t m, int64_t mr, int64_t mc, int64_t panels, size_t workers) {
    visml_cut c = visml_cut_product(m, mr, mc, panels, 32, workers);
    int64_t want = workers > 1 ? 3 * (int64_t)workers : 1, most = visml_blocks(m, 2 * mr) * panels;
    assert_true(c.row_block > 0 && c.row_block <= mc && c.row_block % mr == 0);
    assert_true(c.col_block > 0 && c.col_block <= panels);
    assert_int_equal(c.row_blocks, visml_blocks(m, c.row_block));
    assert_int_equal(c.col_blocks, visml_blocks(panels, c.col_block));
    if (workers == 1)
        assert_int_equal(c.col_blocks, 1);
    if (most >= 2 * want && c.row_blocks * c.col_blocks < (int64_t)workers)
        fail_msg("%d rows, %d panels: %d x %d tiles for %d workers", (int)m, (int)panels, (int)c.row_blocks, (int)c.col_blocks,
                 (int)workers);
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
    visml_cut c = visml_cut_product(49, 14, 112, 16, 32, 2);
    assert_int_equal(c.row_blocks, 1);
    assert_int_equal(c.col_blocks, 6);
}

static void nothing_is_cut_into_nothing(void **state) {
    (void)state;
    assert_int_equal(visml_cut_product(0, 14, 112, 3, 32, 2).row_blocks, 0);
    assert_int_equal(visml_cut_product(5, 14, 112, 0, 32, 2).col_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tiles_cover_the_product), cmocka_unit_test(few_rows_are_left_whole),
                                       cmocka_unit_test(nothing_is_cut_into_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
