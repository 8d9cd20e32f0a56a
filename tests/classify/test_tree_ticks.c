/* Portions of work between two questions to the caller: by what there is to do alone. */
#include "classify/tree_ticks.h"
#include "classify/tree_insides.h"

enum { BLOCKS = 100 };

static void note(void *arg, size_t block, size_t worker) {
    (void)worker;
    ((int *)arg)[block]++;
}

static visml_status run(int64_t numbers, size_t workers, tick_count *t, int *seen) {
    visml_parallel p = {.run = visml_run_alone, .workers = workers};
    visml_classifier_fit_opts o = {.progress = count_tick, .user = t};
    visml_fit_run fit = {.opts = &o};
    visml_ticked_blocks blocks = {.fn = note, .job = seen, .run = &fit, .done = 3, .total = 9};
    return visml_tick_blocks(&blocks, &p, BLOCKS, numbers, &err);
}

static void every_block_is_done_once(void **state) {
    static const struct {
        int64_t numbers;
        size_t workers;
        int calls;
    } cases[] = {{1, 1, 1},
                 {VISML_TICK_NUMBERS / 10, 1, 10},
                 {VISML_TICK_NUMBERS / 10, 2, 5},
                 {VISML_TICK_NUMBERS, 1, BLOCKS},
                 {100 * VISML_TICK_NUMBERS, 1, BLOCKS},
                 {100 * VISML_TICK_NUMBERS, 4, BLOCKS / 4}};
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int seen[BLOCKS] = {0};
        tick_count t = {0};
        assert_ok(run(cases[k].numbers, cases[k].workers, &t, seen), &err);
        assert_int_equal(t.calls, cases[k].calls);
        for (int i = 0; i < BLOCKS; i++)
            assert_int_equal(seen[i], 1);
    }
}

static void what_follows_a_stop_is_not_done(void **state) {
    int seen[BLOCKS] = {0};
    tick_count t = {.stop_at = 3};
    (void)state;
    assert_status(run(VISML_TICK_NUMBERS / 10, 1, &t, seen), VISML_ECANCELLED, &err);
    assert_string_equal(err.message, "stopped by the caller at 3 of 9");
    assert_int_equal(t.calls, 3);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(seen[i], i < 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_block_is_done_once), cmocka_unit_test(what_follows_a_stop_is_not_done)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
