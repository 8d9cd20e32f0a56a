#include <math.h>
#include <string.h>

#include "context/context.h"
#include "feature/kmeans.h"
#include "support/support.h"

enum { N = 3000, D = 6, K = 8 };
static visml_context *ctx;
static visml_error err;
static float x[N * D]; /* K clouds far apart, row i of cloud i % K */

static int set_up(void **state) {
    uint64_t seed = 2;
    (void)state;
    ctx = test_context(2);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            x[i * D + j] = 100 * (float)((i % K) >> (j % 3) & 1) + test_random_float(&seed);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_release(ctx);
    return 0;
}

static visml_kmeans job_of(float *centers, uint64_t seed, int random, int trials) {
    return (visml_kmeans){.x = {N, D, x, D, 1}, .k = K, .random = random, .trials = trials, .seed = seed, .centers = centers};
}

static void seed_centers(const visml_kmeans *job, const visml_context *in) {
    visml_compute c = visml_context_compute(in);
    assert_ok(visml_kmeans_seed(&ctx->memory, &c, job, &err), &err);
}

static int row_of(const float *center) {
    for (int i = 0; i < N; i++)
        if (memcmp(center, x + i * D, D * sizeof *x) == 0)
            return i;
    return -1;
}

static void centers_are_different_rows(void **state) {
    float centers[K * D];
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        for (int random = 0; random < 2; random++) {
            int rows[K];
            visml_kmeans job = job_of(centers, seed, random, 3);
            seed_centers(&job, ctx);
            for (int k = 0; k < K; k++) {
                rows[k] = row_of(centers + k * D);
                assert_true(rows[k] >= 0);
                for (int o = 0; o < k; o++)
                    assert_int_not_equal(rows[o], rows[k]);
            }
        }
}

/* Clouds are at least 100 apart, their rows 2 sqrt(6) at most: that k-means++ takes two rows of one cloud while another has none is as
 * likely as 3,000 * 24 to 375 * 10,000, one in fifty, for the last center, and with three trials that in the third power. */
static void each_cloud_has_a_center(void **state) {
    float centers[K * D];
    int missed = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        int found = 0;
        visml_kmeans job = job_of(centers, seed, 0, 3);
        seed_centers(&job, ctx);
        for (int k = 0; k < K; k++)
            found |= 1 << row_of(centers + k * D) % K;
        missed += found != (1 << K) - 1;
    }
    assert_true(missed <= 1);
}

static void seeds_decide(void **state) {
    float one[K * D], other[K * D];
    visml_context *alone = test_context(1);
    (void)state;
    for (int random = 0; random < 2; random++) {
        visml_kmeans job = job_of(one, 5, random, 2), again = job_of(other, 5, random, 2), differently = job_of(other, 6, random, 2);
        seed_centers(&job, ctx);
        seed_centers(&again, alone);
        assert_memory_equal(one, other, sizeof one);
        seed_centers(&differently, ctx);
        assert_memory_not_equal(one, other, sizeof one);
    }
    visml_context_release(alone);
}

/* Columns side by side: the same rows. */
static void rows_are_taken_as_they_lie(void **state) {
    static float turned[D * N];
    float one[K * D], other[K * D];
    (void)state;
    for (int i = 0; i < N * D; i++)
        turned[i % D * N + i / D] = x[i];
    visml_kmeans job = job_of(one, 9, 0, 2), columns = job_of(other, 9, 0, 2);
    columns.x = (visml_row_view){N, D, turned, 1, N};
    seed_centers(&job, ctx);
    seed_centers(&columns, ctx);
    assert_memory_equal(one, other, sizeof one);
}

static void rows_that_are_all_the_same_are_centers(void **state) {
    float same[10 * D] = {0}, centers[K * D];
    visml_kmeans job = job_of(centers, 1, 0, 2);
    (void)state;
    job.x = (visml_row_view){10, D, same, D, 1};
    memset(centers, 0xff, sizeof centers);
    seed_centers(&job, ctx);
    for (int i = 0; i < K * D; i++)
        assert_true(centers[i] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(centers_are_different_rows), cmocka_unit_test(each_cloud_has_a_center),
        cmocka_unit_test(seeds_decide),               cmocka_unit_test(rows_are_taken_as_they_lie),
        cmocka_unit_test(rows_that_are_all_the_same_are_centers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
