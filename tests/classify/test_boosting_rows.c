/* Binned rows of a source: from a sample of them the same bins as from all, and a bin for what any row misses. */
#include "classify/boosting_rows.h"
#include "classify/tree_insides.h"

enum { N = 3000, D = 3, BLOCK = 77 };
static visml_context *ctx;
static float x[N * D];
static int32_t y[N];

/* Column 0 misses numbers in some odd rows, which are in no sample of every second or fourth row; 1 in one of weight 0; 2 in none. */
static void fill(void) {
    for (int i = 0; i < N; i++) {
        y[i] = i % 4 < 2 ? 5 : 9;
        x[i * D] = i % 64 == 33 ? NAN : (float)(i * 7 % 1000);
        x[i * D + 1] = i == 1000 ? NAN : (float)(i % 10);
        x[i * D + 2] = (float)(i % 300) / 8;
    }
}

typedef struct source {
    visml_tensor *x, *y, *w;
    int64_t at;
    float weights[BLOCK];
} source;

static void let_go(source *s) {
    visml_tensor_release(s->x), visml_tensor_release(s->y), visml_tensor_release(s->w);
    s->x = s->y = s->w = NULL;
}

static int32_t next_rows(void *user, const visml_tensor **to_x, const visml_tensor **to_y, const visml_tensor **to_w) {
    source *s = user;
    int64_t n = N - s->at < BLOCK ? N - s->at : BLOCK;
    let_go(s);
    if (n == 0) {
        s->at = 0;
        return 0;
    }
    for (int64_t i = 0; i < n; i++)
        s->weights[i] = s->at + i == 1000 ? 0 : 1;
    *to_x = s->x = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(n, D), NULL, x + s->at * D, NULL, NULL, NULL);
    *to_y = s->y = visml_tensor_wrap(ctx, VISML_I32, VISML_SHAPE(n), NULL, y + s->at, NULL, NULL, NULL);
    *to_w = s->w = visml_tensor_wrap(ctx, VISML_F32, VISML_SHAPE(n), NULL, s->weights, NULL, NULL, NULL);
    s->at += n;
    return 0;
}

static visml_binned_rows read_rows(int64_t sample_bytes) {
    source s = {.at = 0};
    visml_binned_rows r;
    visml_compute k = visml_context_compute(ctx);
    visml_row_source rows = {.size = sizeof rows, .next = next_rows, .user = &s};
    visml_row_walk w = {.context = ctx, .what = "test", .source = &rows, .missing = 1, .labels = 1};
    visml_tensor *classes;
    assert_ok(visml_row_walk_survey(&w, &k, &classes, &err), &err);
    w.classes = classes;
    assert_ok(visml_binned_rows_read(&r, &memory, &k, &w, 256, sample_bytes, &quiet, &err), &err);
    visml_row_walk_clear(&w);
    visml_tensor_release(classes);
    let_go(&s);
    return r;
}

static void all_rows_are_there(void **state) {
    (void)state;
    visml_binned_rows r = read_rows(INT64_C(1) << 20);
    assert_int_equal(r.rows.n, N);
    assert_int_equal(r.rows.class_count, 2);
    for (int i = 0; i < N; i++) {
        assert_int_equal(r.rows.places[i], y[i] == 9);
        assert_true(r.rows.weights[i] == (i == 1000 ? 0 : 1));
        assert_int_equal(visml_bins_code(&r.bins, i, 1), i == 1000 ? 0 : i % 10);
    }
    visml_binned_rows_clear(&r);
}

/* Of 3000 rows every fourth is in a sample of 1024 at most. */
static void what_any_row_misses_has_its_bin(void **state) {
    (void)state;
    visml_binned_rows few = read_rows(0), all = read_rows(INT64_C(1) << 20);
    for (int k = 0; k < 2; k++) {
        const visml_bins *b = k ? &all.bins : &few.bins;
        assert_int_equal(b->columns[0].missing, 1);
        assert_int_equal(b->columns[1].missing, 0);
        assert_int_equal(b->columns[2].missing, 0);
        assert_int_equal(b->columns[0].count, k ? 255 : 250);
        for (int i = 33; i < N; i += 64)
            assert_int_equal(visml_bins_code(b, i, 0), b->columns[0].count);
        for (int i = 0; i < N; i++)
            assert_true(i % 64 == 33 || visml_bins_code(b, i, 0) < b->columns[0].count);
    }
    visml_binned_rows_clear(&few);
    visml_binned_rows_clear(&all);
}

static int set_up(void **state) {
    ctx = test_context(1);
    fill();
    return set_up_memory(state);
}

static int tear_down(void **state) {
    visml_context_free(ctx);
    return check_memory(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_rows_are_there), cmocka_unit_test(what_any_row_misses_has_its_bin)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
