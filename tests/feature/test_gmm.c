#include <math.h>
#include <string.h>

#include "context/context.h"
#include "feature/gmm.h"
#include "support/support.h"

enum { N = 2400, D = 66, K = 3 }; /* more rows than one group of blocks, more columns than one panel */
static float x[N * D], turned[D * N];
static int32_t labels[N];
static visml_error err;

typedef struct learned {
    double weights[K], means[K * D], covariances[K * D * D], score;
    int32_t iterations;
} learned;

static int set_up(void **state) {
    uint64_t seed = 3;
    (void)state;
    for (int i = 0; i < N; i++) {
        labels[i] = (int32_t)(test_random(&seed) % K);
        for (int j = 0; j < D; j++)
            turned[j * N + i] = x[i * D + j] = (float)labels[i] * (j % 2 ? 1 : -1) + test_random_float(&seed);
    }
    return 0;
}

static visml_gmm job_of(learned *to, int full) {
    return (visml_gmm){.x = {N, D, x, D, 1}, .k = K, .full = full, .seed = 1, .max_iterations = 5, .tolerance = 1e-3, .floor = 1e-6,
                       .weights = to->weights, .means = to->means, .covariances = to->covariances};
}

static visml_status learn(int32_t threads, visml_gmm *job, learned *to) {
    visml_context *ctx = test_context(threads);
    visml_compute c = visml_context_compute(ctx);
    visml_status status = visml_gmm_fit(&ctx->memory, &c, "test", job, &err);
    to->score = job->score, to->iterations = job->iterations;
    visml_context_release(ctx);
    return status;
}

static void threads_and_how_rows_lie_are_of_no_account(void **state) {
    static learned one, other, columns;
    (void)state;
    for (int full = 0; full < 2; full++) {
        visml_gmm a = job_of(&one, full), b = job_of(&other, full), c = job_of(&columns, full);
        c.x = (visml_row_view){N, D, turned, 1, N};
        assert_ok(learn(1, &a, &one), &err);
        assert_ok(learn(3, &b, &other), &err);
        assert_ok(learn(2, &c, &columns), &err);
        assert_memory_equal(&one, &other, sizeof one);
        assert_memory_equal(&one, &columns, sizeof one);
    }
}

/* Clouds 8 deviations apart: each row is its own cloud's, and the mixture is the clouds' means and covariances, in double from floats. */
static void clouds_are_found(void **state) {
    static learned to;
    (void)state;
    for (int full = 0; full < 2; full++) {
        visml_gmm job = job_of(&to, full);
        job.init = labels;
        assert_ok(learn(2, &job, &to), &err);
        for (int k = 0; k < K; k++) {
            double count = 0, mean[2] = {0}, products[3] = {0};
            for (int i = 0; i < N; i++)
                for (int j = 0; labels[i] == k && j < 2; j++)
                    count += j == 0, mean[j] += (double)x[i * D + j];
            for (int i = 0; i < N; i++) {
                double a = (double)x[i * D] - mean[0] / count, b = (double)x[i * D + 1] - mean[1] / count;
                products[0] += labels[i] == k ? a * a : 0;
                products[1] += labels[i] == k ? b * a : 0;
            }
            const double *covariance = to.covariances + k * D * (full ? D : 1);
            assert_true(fabs(to.weights[k] - count / N) < 1e-6);
            assert_true(fabs(to.means[k * D] - mean[0] / count) < 1e-5 && fabs(to.means[k * D + 1] - mean[1] / count) < 1e-5);
            assert_true(fabs(covariance[0] - 1e-6 - products[0] / count) < 1e-5);
            assert_true(!full || (fabs(covariance[D] - products[1] / count) < 1e-5 && covariance[1] == covariance[D]));
        }
    }
}

/* Shares of a row are floats, whose sum is off by some 2^-24 each. */
static void a_single_column_is_enough(void **state) {
    static learned to;
    (void)state;
    for (int full = 0; full < 2; full++) {
        visml_gmm job = job_of(&to, full);
        job.x = (visml_row_view){100, 1, x, D, 1};
        assert_ok(learn(2, &job, &to), &err);
        assert_true(to.covariances[0] > 0 && fabs(to.weights[0] + to.weights[1] + to.weights[2] - 1) < 3 * 0x1p-24);
    }
}

/* No round makes the data less likely, but for rounding of likelihoods of size 100. */
static void rounds_gain(void **state) {
    static learned to;
    double before = -INFINITY;
    (void)state;
    for (int32_t rounds = 1; rounds < 6; rounds++) {
        visml_gmm job = job_of(&to, 0);
        job.max_iterations = rounds;
        job.tolerance = 1e-300;
        assert_ok(learn(2, &job, &to), &err);
        assert_true(to.score > before - 1e-4);
        before = to.score;
    }
}

static visml_status stop(void *user, int32_t iteration, double score, visml_error *e) {
    int *calls = user;
    (void)iteration, (void)score;
    if (++*calls < 40)
        return VISML_OK;
    memset(e->message, 0, sizeof e->message);
    return VISML_ECANCELLED;
}

static void it_can_be_stopped(void **state) {
    static learned to;
    int calls = 0;
    visml_gmm job = job_of(&to, 1);
    (void)state;
    job.tick = stop, job.user = &calls;
    assert_int_equal(learn(2, &job, &to), VISML_ECANCELLED);
    assert_int_equal(calls, 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_how_rows_lie_are_of_no_account),
        cmocka_unit_test(clouds_are_found),
        cmocka_unit_test(a_single_column_is_enough),
        cmocka_unit_test(rounds_gain),
        cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
