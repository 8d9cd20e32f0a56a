/* Bins: their cuts are quantiles, codes follow the numbers, what is missing has its own. */
#include "classify/bins.h"
#include "classify/tree_insides.h"

enum { N = 4096, D = 20 };
static float x[N * D];

/* Column 0: a constant; 1: ten numbers; 2: as many as rows; 3: half of them 0; 4: with gaps; others: some of each kind. */
static void fill(void) {
    uint64_t seed = 9;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++) {
            float v = test_random_float(&seed);
            x[i * D + j] = j == 0 ? 3 : j == 1 ? floorf(v * 5) : j == 3 ? (i % 2 ? 0 : v + 2) : j == 4 && i % 7 == 0 ? NAN : v;
        }
}

static visml_bins binned(const visml_samples *s, int32_t max_bin) {
    visml_bins b;
    visml_cut_rules rules = {.rows = s->n, .max_bin = max_bin};
    assert_ok(visml_bins_new(&b, &memory, &compute, s, &rules, &quiet, &err), &err);
    assert_ok(visml_bins_fill(&b, &compute, s, 0, &quiet, &err), &err);
    return b;
}

static int place_of(const visml_bin_column *c, float v) {
    int place = 0;
    for (int i = 0; i + 1 < c->count; i++)
        place += c->cuts[i] <= v;
    return isnan(v) ? c->count : place;
}

static void codes_are_places_among_cuts(void **state) {
    (void)state;
    visml_samples s = samples_of(x, N, D);
    for (int32_t max_bin = 2; max_bin <= VISML_MOST_BINS; max_bin *= max_bin) {
        visml_bins b = binned(&s, max_bin);
        for (int j = 0; j < D; j++) {
            assert_true(b.columns[j].count + b.columns[j].missing <= (max_bin == 256 ? 256 : max_bin + 1));
            for (int i = 0; i < N; i++)
                assert_int_equal(visml_bins_code(&b, i, j), place_of(&b.columns[j], x[i * D + j]));
        }
        visml_bins_clear(&b);
    }
}

static void columns_may_lie_side_by_side(void **state) {
    static float turned[N * D];
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            turned[j * N + i] = x[i * D + j];
    visml_samples s = samples_of(x, N, D), t = {.n = N, .d = D, .x = turned, .row_stride = 1, .column_stride = N};
    visml_bins a = binned(&s, 256), b = binned(&t, 256);
    assert_memory_equal(a.codes, b.codes, (size_t)(a.blocks * N * VISML_BIN_COLUMNS));
    visml_bins_clear(&a);
    visml_bins_clear(&b);
}

static void count_codes(const visml_bins *b, int column, int counts[VISML_MOST_BINS]) {
    memset(counts, 0, VISML_MOST_BINS * sizeof *counts);
    for (int64_t i = 0; i < b->n; i++)
        counts[visml_bins_code(b, i, column)]++;
}

/* 4096 numbers, all different, in 16 bins: 256 each. Where half are the same these are one bin, and the others share the rest. */
static void cuts_are_quantiles(void **state) {
    int counts[VISML_MOST_BINS];
    (void)state;
    visml_samples s = samples_of(x, N, D);
    visml_bins b = binned(&s, 16);
    count_codes(&b, 2, counts);
    for (int i = 0; i < 16; i++)
        assert_int_equal(counts[i], N / 16);
    count_codes(&b, 3, counts);
    assert_int_equal(counts[0], N / 2);
    for (int i = 1; i < 16; i++)
        assert_true(counts[i] == N / 2 / 15 || counts[i] == N / 2 / 15 + 1);
    visml_bins_clear(&b);
}

static void few_numbers_have_a_bin_each(void **state) {
    (void)state;
    visml_samples s = samples_of(x, N, D);
    visml_bins b = binned(&s, 16);
    assert_int_equal(b.columns[0].count, 1);
    assert_int_equal(b.columns[1].count, 10);
    for (int i = 0; i < N; i++)
        assert_int_equal(visml_bins_code(&b, i, 1), (int)x[i * D + 1] + 5);
    visml_bins_clear(&b);
}

/* A row of weight 2 is two rows, one of weight 0 is none, whatever it misses. */
static void rows_count_by_their_weights(void **state) {
    static float twice[2 * N * D], w[N];
    int64_t n = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        w[i] = (float)(i % 3);
        if (i % 3 == 0)
            x[i * D + 6] = NAN;
        for (int k = 0; k < i % 3; k++, n++)
            memcpy(twice + n * D, x + i * D, D * sizeof *x);
    }
    visml_samples a = samples_of(x, N, D), t = samples_of(twice, n, D);
    a.weights = w;
    visml_bins b = binned(&a, 32), c = binned(&t, 32);
    for (int j = 0; j < D; j++) {
        assert_int_equal(b.columns[j].count, c.columns[j].count);
        assert_int_equal(b.columns[j].missing, j == 4);
        assert_memory_equal(b.columns[j].cuts, c.columns[j].cuts, (size_t)(c.columns[j].count - 1) * sizeof(float));
    }
    assert_int_equal(visml_bins_code(&b, 0, 6), 0);
    visml_bins_clear(&b);
    visml_bins_clear(&c);
    fill();
}

/* Cuts of many rows come from every second one; a number that only another row misses has its bin all the same. */
static void what_any_row_misses_has_its_bin(void **state) {
    enum { MANY = 1 << 18 };
    static float column[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++)
        column[i] = (float)(i % 1000);
    visml_samples s = samples_of(column, MANY, 1);
    visml_bins b = binned(&s, 256);
    assert_int_equal(b.columns[0].count, 256);
    assert_int_equal(b.columns[0].missing, 0);
    visml_bins_clear(&b);
    column[MANY - 1] = NAN; /* odd */
    b = binned(&s, 256);
    assert_int_equal(b.columns[0].count, 255);
    assert_int_equal(b.columns[0].missing, 1);
    assert_int_equal(visml_bins_code(&b, MANY - 1, 0), 255);
    visml_bins_clear(&b);
}

/* Rows that come later than those that the cuts were made from. */
static void it_can_be_said_what_will_be_missing(void **state) {
    float late[2] = {NAN, 1};
    (void)state;
    visml_samples s = samples_of(x, N, 2), l = samples_of(late, 1, 2);
    visml_cut_rules rules = {.rows = N + 1, .max_bin = 256, .missing = (const uint8_t[]){1, 0}};
    visml_bins b;
    assert_ok(visml_bins_new(&b, &memory, &compute, &s, &rules, &quiet, &err), &err);
    assert_ok(visml_bins_fill(&b, &compute, &l, N, &quiet, &err), &err);
    assert_int_equal(b.columns[0].missing, 1);
    assert_int_equal(b.columns[1].missing, 0);
    assert_int_equal(visml_bins_code(&b, N, 0), b.columns[0].count);
    visml_bins_clear(&b);
}

/* Room for sums is as wide as the widest column of a block needs; 0 where none tells rows apart. */
static void widths_are_those_that_kernels_know(void **state) {
    static const struct {
        int different, width;
    } cases[] = {{1, 0}, {2, 16}, {16, 16}, {17, 64}, {64, 64}, {65, 256}, {256, 256}};
    float column[256];
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        for (int i = 0; i < 256; i++)
            column[i] = (float)(i % cases[k].different);
        visml_samples s = samples_of(column, 256, 1);
        visml_bins b = binned(&s, 256);
        assert_int_equal(b.widths[0], cases[k].width);
        visml_bins_clear(&b);
    }
}

static void it_can_be_stopped(void **state) {
    (void)state;
    visml_samples s = samples_of(x, N, D);
    for (int stop = 1; stop <= 2; stop++) { /* while cuts are made, and while rows are coded */
        tick_count t = {.stop_at = stop};
        visml_classifier_fit_opts o = {.progress = count_tick, .user = &t};
        visml_fit_run run = {.opts = &o};
        visml_cut_rules rules = {.rows = N, .max_bin = 256, .total = 7};
        visml_bins b;
        visml_status status = visml_bins_new(&b, &memory, &compute, &s, &rules, &run, &err);
        if (status == VISML_OK) {
            status = visml_bins_fill(&b, &compute, &s, 0, &run, &err);
            visml_bins_clear(&b);
        }
        assert_status(status, VISML_ECANCELLED, &err);
        assert_string_equal(err.message, "stopped by the caller at 0 of 7");
        assert_int_equal(t.calls, stop);
    }
}

static int set_up(void **state) {
    fill();
    return set_up_memory(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_places_among_cuts),        cmocka_unit_test(columns_may_lie_side_by_side),
        cmocka_unit_test(cuts_are_quantiles),                 cmocka_unit_test(few_numbers_have_a_bin_each),
        cmocka_unit_test(rows_count_by_their_weights),        cmocka_unit_test(what_any_row_misses_has_its_bin),
        cmocka_unit_test(it_can_be_said_what_will_be_missing), cmocka_unit_test(widths_are_those_that_kernels_know),
        cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, set_up, check_memory);
}
