#include <math.h>
#include <string.h>

#include "context/context.h"
#include "feature/nearest.h"
#include "kernel/kernels.h"
#include "support/support.h"

enum { N = 1500, D = 19, GAP = 3, MOST = 200 };
static float x[N * (D + GAP)], centers[MOST * D];

static int set_up(void **state) {
    uint64_t seed = 11;
    (void)state;
    for (int i = 0; i < N * (D + GAP); i++)
        x[i] = test_random_float(&seed);
    for (int i = 0; i < MOST * D; i++)
        centers[i] = test_random_float(&seed);
    return 0;
}

static double square(int i, int k) {
    double sum = 0;
    for (int j = 0; j < D; j++)
        sum += ((double)x[i * (D + GAP) + j] - (double)centers[k * D + j]) * ((double)x[i * (D + GAP) + j] - (double)centers[k * D + j]);
    return sum;
}

typedef struct answers {
    int32_t labels[N];
    float squares[N], all[N * MOST];
} answers;

static void ask(int32_t threads, int64_t k, const float *lengths, answers *to) {
    visml_context *ctx = test_context(threads);
    visml_compute c = visml_context_compute(ctx);
    visml_error err;
    void *memory = assert_made(visml_mem_alloc(&ctx->memory, visml_nearest_bytes(&c, D, k), &err), &err);
    void *scratch = assert_made(visml_mem_alloc(&ctx->memory, visml_nearest_scratch(&c, D, k), &err), &err);
    visml_nearest_plan plan = visml_nearest_prepare(&c, D, k, centers, memory);
    visml_nearest_run(&c, &plan, N, x, D + GAP, lengths, to->labels, to->squares, scratch);
    visml_nearest_squares(&c, &plan, N, x, D + GAP, to->all, scratch);
    visml_mem_free(&ctx->memory, memory);
    visml_mem_free(&ctx->memory, scratch);
    visml_context_release(ctx);
}

static const int numbers[] = {1, 2, 3, 15, 16, 17, 63, MOST}; /* few and many are looked through differently */

/* Squares of numbers of size 1 in 19 columns: (4 + sqrt(19)) 2^-24 of the squares of both rows, which are 38 at most: 2e-5. No other
 * center is nearer than that. */
static void the_nearest_is_found(void **state) {
    static answers a;
    (void)state;
    for (size_t t = 0; t < sizeof numbers / sizeof *numbers; t++) {
        int n = numbers[t];
        ask(2, n, NULL, &a);
        for (int i = 0; i < N; i++) {
            double mine = square(i, a.labels[i]);
            assert_in_range(a.labels[i], 0, n - 1);
            assert_true(fabs((double)a.squares[i] - mine) < 2e-5);
            for (int k = 0; k < n; k++) {
                assert_true(mine < square(i, k) + 4e-5);
                assert_true(fabs((double)a.all[i * n + k] - square(i, k)) < 2e-5);
            }
        }
    }
}

static void of_equals_it_is_the_first(void **state) {
    static answers a;
    static float kept[MOST * D];
    (void)state;
    memcpy(kept, centers, sizeof kept);
    for (size_t t = 1; t < sizeof numbers / sizeof *numbers; t++) {
        int n = numbers[t], half = n / 2;
        memcpy(centers, kept, sizeof kept);
        memcpy(centers + half * D, centers, sizeof *centers * (size_t)(half * D));
        ask(1, n, NULL, &a);
        for (int i = 0; i < N; i++)
            assert_true(a.labels[i] < half || a.labels[i] >= 2 * half);
    }
    memcpy(centers, kept, sizeof kept);
}

/* Distances are never below 0, though a row lies on its center. */
static void a_row_on_its_center_has_no_distance(void **state) {
    static answers a;
    (void)state;
    for (int k = 0; k < MOST; k++)
        memcpy(centers + k * D, x + k * (D + GAP), D * sizeof *centers);
    ask(1, MOST, NULL, &a);
    for (int i = 0; i < MOST; i++) {
        assert_int_equal(a.labels[i], i);
        assert_true(a.squares[i] >= 0 && a.squares[i] < 2e-5f && a.all[i * MOST + i] >= 0);
    }
}

static void threads_and_given_lengths_change_nothing(void **state) {
    static answers one, other;
    visml_context *ctx = test_context(1);
    float lengths[N];
    (void)state;
    for (int i = 0; i < N; i++)
        lengths[i] = visml_context_compute(ctx).kernels->reduce_squares(D, x + i * (D + GAP));
    visml_context_release(ctx);
    for (size_t t = 0; t < sizeof numbers / sizeof *numbers; t++) {
        ask(1, numbers[t], NULL, &one);
        ask(3, numbers[t], lengths, &other);
        assert_memory_equal(one.labels, other.labels, sizeof one.labels);
        assert_memory_equal(one.squares, other.squares, sizeof one.squares);
        assert_memory_equal(one.all, other.all, sizeof(float) * (size_t)(N * numbers[t]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_is_found),
        cmocka_unit_test(of_equals_it_is_the_first),
        cmocka_unit_test(a_row_on_its_center_has_no_distance),
        cmocka_unit_test(threads_and_given_lengths_change_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
