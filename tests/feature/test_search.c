/* What is found by product and decided by exact distances is what exact distances alone find. */
#include <string.h>

#include "context/context.h"
#include "feature/search.h"
#include "support/support.h"

enum { N = 3000, D = 40, Q = 300, K = 7 };

static visml_error err;
static float rows[N * D], queries[Q * D];

/* Far from the origin the product has few digits left: `far` says how far. Some rows are there twice. */
static void fill(float *x, int64_t n, int64_t shift, float far) {
    for (int64_t i = 0; i < n * D; i++) {
        int64_t at = i / D % 5 == 4 ? i - D : i;
        x[i] = far + (float)(((at + shift) * 7919 + (at + shift) / 13) % 1009) / 256;
    }
}

static void all_at_once_is_one_by_one(float far) {
    static int32_t places[2][Q * K];
    static float distances[2][Q * K];
    visml_context *ctx = test_context(2);
    visml_compute c = visml_context_compute(ctx);
    visml_search s = {.metric = VISML_METRIC_L2, .n = N, .d = D, .rows = rows, .k = K};
    fill(rows, N, 0, far);
    fill(queries, Q, 333, far);
    visml_search_measure(&c, &s);
    void *scratch = assert_made(visml_mem_alloc(&ctx->memory, visml_search_scratch(&c, &s), &err), &err);
    visml_search_run(&c, &s, Q, queries, D, places[0], distances[0], scratch);
    for (int q = 0; q < Q; q++)
        visml_search_run(&c, &s, 1, queries + q * D, D, places[1] + q * K, distances[1] + q * K, scratch);
    assert_memory_equal(places[0], places[1], sizeof places[0]);
    assert_memory_equal(distances[0], distances[1], sizeof distances[0]);
    visml_mem_free(&ctx->memory, scratch);
    visml_context_free(ctx);
}

static void near_the_origin(void **state) {
    (void)state;
    all_at_once_is_one_by_one(0);
}

static void where_products_cannot_tell(void **state) {
    (void)state;
    all_at_once_is_one_by_one(5000);
}

static void beyond_what_floats_hold(void **state) {
    (void)state;
    all_at_once_is_one_by_one(1e20f);
}

typedef struct looks {
    int count, stop_at;
} looks;

static int look(void *user) {
    looks *l = user;
    return ++l->count != l->stop_at;
}

/* After each 1024 of the rows, for 512 queries at a time; what follows a stop is not searched. */
static void it_looks_whether_to_go_on(void **state) {
    static int32_t places[Q * K];
    static float distances[Q * K];
    visml_context *ctx = test_context(1);
    visml_compute c = visml_context_compute(ctx);
    looks l = {0};
    visml_search s = {.metric = VISML_METRIC_L1, .n = N, .d = D, .rows = rows, .k = K, .look = look, .user = &l};
    void *scratch = assert_made(visml_mem_alloc(&ctx->memory, visml_search_scratch(&c, &s), &err), &err);
    (void)state;
    assert_int_equal(visml_search_run(&c, &s, Q, queries, D, places, distances, scratch), 1);
    assert_int_equal(l.count, 3);
    for (int at = 1; at <= 3; at++) {
        l = (looks){.stop_at = at};
        assert_int_equal(visml_search_run(&c, &s, Q, queries, D, places, distances, scratch), 0);
        assert_int_equal(l.count, at);
    }
    visml_mem_free(&ctx->memory, scratch);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_the_origin),
        cmocka_unit_test(where_products_cannot_tell),
        cmocka_unit_test(beyond_what_floats_hold),
        cmocka_unit_test(it_looks_whether_to_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
