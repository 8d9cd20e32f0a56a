/* Rows of a kernel matrix: those that a call is to keep are there, whatever else it makes, and columns may be put in another order. */
#include "classify/svm_cache.h"
#include "context/context.h"
#include "support/support.h"

enum { N = 200, D = 3, ROOM = 2 * VISML_SVM_BATCH + 2 };

static float value(int64_t i, int64_t j) {
    return (float)((i * 5 + j * 3) % 7);
}

static float product(int64_t a, int64_t b) {
    float sum = 0;
    for (int64_t j = 0; j < D; j++)
        sum += value(a, j) * value(b, j);
    return sum;
}

/* Whole numbers: products are exact. */
static void assert_row(visml_svm_cache *c, int64_t column, int64_t columns) {
    const float *row = visml_svm_cache_find(c, column, visml_svm_blocks(columns));
    assert_non_null(row);
    for (int64_t p = 0; p < columns; p++)
        assert_true(row[p] == product(c->rows[column], c->rows[p]));
}

static void make_others(visml_svm_cache *c, const visml_svm_threads *t, int64_t from, int64_t columns, int64_t keep) {
    int32_t list[VISML_SVM_BATCH];
    for (int i = 0; i < VISML_SVM_BATCH; i++)
        list[i] = (int32_t)(from + i);
    visml_svm_cache_make(c, t, list, VISML_SVM_BATCH, visml_svm_blocks(columns), keep);
    for (int i = 0; i < VISML_SVM_BATCH; i++)
        assert_row(c, list[i], columns);
}

/* Until nothing of what a new order asks for is left to be done. */
static int settle(visml_svm_cache *c, const visml_svm_threads *t) {
    int steps = 1;
    while (visml_svm_cache_fill(c, t))
        steps++;
    return steps;
}

static void rows_are_kept_and_reordered(void **state) {
    (void)state;
    visml_error err;
    float x[N * D];
    int32_t order[N], first = 0;
    for (int i = 0; i < N * D; i++)
        x[i] = value(i / D, i % D);
    visml_context *ctx = test_context(2);
    visml_samples s = {.n = N, .d = D, .x = x, .row_stride = D, .column_stride = 1};
    visml_svm_function f = {.kind = VISML_SVM_LINEAR, .gamma = 1};
    visml_svm_threads t = {.compute = visml_context_compute(ctx), .alone = visml_context_alone(ctx)};
    visml_svm_cache c;
    assert_ok(visml_svm_cache_new(&c, &ctx->memory, &t.alone, &f, &s, N, 1, &err), &err);
    t.room = visml_svm_cache_room(&t.alone, D);
    t.rooms = assert_made(visml_mem_alloc(&ctx->memory, t.room * t.compute.parallel->workers, &err), &err);
    for (int i = 0; i < N; i++)
        c.rows[i] = (N - i) % N, order[i] = N - 1 - i;
    visml_svm_cache_begin(&c, N);
    assert_int_equal(settle(&c, &t), 1); /* two blocks of columns */
    assert_int_equal(c.capacity, ROOM);
    visml_svm_cache_make(&c, &t, &first, 1, visml_svm_blocks(N), -1);
    for (int round = 1; round < 12; round++) {
        c.recent[c.slots[0]] = 0; /* nothing but the call itself holds it */
        make_others(&c, &t, round * VISML_SVM_BATCH, N, 0);
        assert_row(&c, 0, N);
    }
    visml_svm_cache_reorder(&c, order, N);
    assert_int_equal(settle(&c, &t), 2); /* rows are put in order before that */
    assert_row(&c, N - 1, N);
    make_others(&c, &t, 20, 100, -1);
    visml_svm_cache_begin(&c, N);
    settle(&c, &t);
    make_others(&c, &t, 0, 100, -1);
    visml_svm_cache_reorder(&c, order, N); /* rows that are there in part cannot follow */
    for (int i = 0; i < VISML_SVM_BATCH; i++)
        assert_null(visml_svm_cache_find(&c, N - 1 - i, 1));
    visml_mem_free(&ctx->memory, t.rooms);
    visml_svm_cache_free(&c, &ctx->memory);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_kept_and_reordered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
