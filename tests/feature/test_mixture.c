/* Mixtures beside their formulas in double, of as many columns as panels end at, and one more. */
#include <math.h>
#include <string.h>

#include "context/context.h"
#include "feature/gmm.h"
#include "support/support.h"

enum { ROWS = 37, K = 3, MOST = 131 };
static const int sizes[] = {1, 2, 7, 63, 64, 65, 129, MOST};
static float x[ROWS * MOST];
static double weights[K] = {0.2, 0.5, 0.3}, means[K * MOST], covariances[K * MOST * MOST], roots[MOST * MOST];
static visml_error err;
static visml_context *ctx;

static int set_up(void **state) {
    (void)state;
    ctx = test_context(1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    visml_context_release(ctx);
    return 0;
}

/* Covariances are of a root whose diagonal is 1 ... 2 and whose other numbers are small: they have an inverse. */
static void make(int d, int full) {
    uint64_t seed = (uint64_t)d;
    for (int i = 0; i < ROWS * d; i++)
        x[i] = 50 + test_random_float(&seed);
    for (int i = 0; i < K * d; i++)
        means[i] = 50 + 0.3 * (double)test_random_float(&seed);
    for (int k = 0; k < K; k++) {
        for (int i = 0; i < d * d; i++)
            roots[i] = i % d == i / d ? 1.5 + 0.5 * (double)test_random_float(&seed) : 0.05 * (double)test_random_float(&seed);
        for (int i = 0; i < d; i++)
            for (int j = 0; j < d; j++) {
                double sum = 0;
                for (int p = 0; p <= (i < j ? i : j); p++)
                    sum += roots[i * d + p] * roots[j * d + p];
                if (full)
                    covariances[(k * d + i) * d + j] = sum;
                else if (i == j)
                    covariances[k * d + i] = sum;
            }
    }
}

/* log(weight) + log N(x), by elimination: of the covariance for full ones. */
static double density(int d, int full, int row, int k) {
    static double a[MOST * MOST], b[MOST];
    double log_density = log(weights[k]) - 0.5 * d * log(2 * acos(-1));
    for (int i = 0; i < d; i++) {
        b[i] = (double)x[row * d + i] - means[k * d + i];
        for (int j = 0; j < d; j++)
            a[i * d + j] = full ? covariances[(k * d + i) * d + j] : i == j ? covariances[k * d + i] : 0;
    }
    for (int p = 0; p < d; p++) { /* what is left of b' A^-1 b with each column */
        log_density -= 0.5 * (log(a[p * d + p]) + b[p] * b[p] / a[p * d + p]);
        for (int i = p + 1; i < d; i++) {
            double factor = a[i * d + p] / a[p * d + p];
            b[i] -= factor * b[p];
            for (int j = p + 1; j < d; j++)
                a[i * d + j] -= factor * a[p * d + j];
        }
    }
    return log_density;
}

typedef struct prepared {
    visml_compute c;
    visml_mixture_plan plan;
    void *memory, *room, *scratch;
    float rows[ROWS * 2 * MOST], logs[ROWS * K];
} prepared;

static void *room_of(size_t bytes) {
    return assert_made(visml_mem_alloc(&ctx->memory, bytes, &err), &err);
}

static void run(prepared *p, int d, int full) {
    visml_mixture mix = {d, K, full, weights, means, covariances};
    p->c = visml_context_compute(ctx);
    p->memory = room_of(visml_mixture_bytes(d, K, full));
    p->room = room_of((size_t)(d * (d + 1)) * sizeof(double));
    p->scratch = room_of(visml_mixture_scratch(&p->c, d, K, full));
    assert_ok(visml_mixture_prepare(&mix, "test", p->memory, p->room, &p->plan, &err), &err);
    visml_mixture_rows(&p->plan, ROWS, x, d, p->rows);
    for (int k = 0; k < K; k += 2) /* in two pieces: all but the last, and that */
        visml_mixture_logs(&p->plan, &p->c, ROWS, p->rows, k, k + 2 < K ? k + 2 : K, p->logs, p->scratch);
}

static void clear(prepared *p) {
    visml_mem_free(&ctx->memory, p->memory);
    visml_mem_free(&ctx->memory, p->room);
    visml_mem_free(&ctx->memory, p->scratch);
}

/* Sums of 131 squares, below 400 in all, in floats: 400 * (4 + sqrt(131)) 2^-24 = 4e-4. */
static void logs_are_those_of_the_densities(void **state) {
    static prepared p;
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int full = 0; full < 2; full++) {
            make(sizes[s], full);
            run(&p, sizes[s], full);
            for (int i = 0; i < ROWS * K; i++)
                assert_true(fabs((double)p.logs[i] - density(sizes[s], full, i / K, i % K)) < 4e-4);
            clear(&p);
        }
}

static void shares_add_up_and_scores_are_likelihoods(void **state) {
    static prepared p;
    float resp[ROWS * K], again[ROWS * K], score[ROWS];
    (void)state;
    make(7, 1);
    run(&p, 7, 1);
    memcpy(resp, p.logs, sizeof resp);
    memcpy(again, p.logs, sizeof again);
    visml_mixture_share(&p.c, ROWS, K, resp, score);
    visml_mixture_share(&p.c, ROWS, K, again, NULL);
    assert_memory_equal(resp, again, sizeof resp);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0, likelihood = 0;
        for (int k = 0; k < K; k++) {
            sum += (double)resp[i * K + k];
            likelihood += exp(density(7, 1, i, k));
        }
        assert_true(fabs(sum - 1) < 1e-6);
        assert_true(fabs((double)score[i] - log(likelihood)) < 4e-5);
        for (int k = 0; k < K; k++)
            assert_true(fabs((double)resp[i * K + k] - exp(density(7, 1, i, k)) / likelihood) < 4e-5);
    }
    clear(&p);
}

/* Likelihoods far below what a float holds. */
static void logs_of_any_size_are_shared(void **state) {
    float logs[] = {-1e6f, -1e6f, -2e6f, 3e5f, -3e5f, 0}, score[2];
    visml_compute c = visml_context_compute(ctx);
    (void)state;
    visml_mixture_share(&c, 2, 3, logs, score);
    assert_true(logs[0] == 0.5f && logs[1] == 0.5f && logs[2] == 0 && logs[3] == 1 && logs[4] == 0);
    assert_true(score[0] == -1e6f + logf(2) && score[1] == 3e5f);
}

/* Sums of 37 products of numbers of size 1 with shares of at most 1, in floats. */
static void sums_are_weighted(void **state) {
    static prepared p;
    static double counts[K], sums[K * MOST], squares[K * MOST * MOST];
    static float products[K * 2 * MOST];
    visml_mixture_sums to = {counts, sums, squares};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int full = 0; full < 2; full++) {
            int d = sizes[s];
            make(d, full);
            run(&p, d, full);
            visml_mixture_share(&p.c, ROWS, K, p.logs, NULL);
            memset(counts, 0, sizeof counts), memset(sums, 0, sizeof sums), memset(squares, 0, sizeof squares);
            void *scratch = room_of(visml_mixture_sums_scratch(&p.c, d, K, full));
            visml_mixture_count(ROWS, K, p.logs, counts);
            if (!full) {
                visml_mixture_products(&p.c, d, K, ROWS, p.rows, p.logs, products, scratch);
                visml_mixture_sums_add(d, K, products, &to);
            }
            for (int k = 0; full && k < K; k++)
                for (int first = 0; first < d; first += VISML_MIXTURE_PANEL)
                    visml_mixture_panel_add(&p.c, d, K, ROWS, p.rows, p.logs, k, first, &to, scratch);
            for (int k = 0; k < K; k++)
                for (int a = 0; a < d; a++)
                    for (int b = full ? 0 : a; b <= a; b++) {
                        double sum = 0, square = 0;
                        for (int i = 0; i < ROWS; i++) {
                            double off = (double)x[i * d + a] - (double)p.plan.shift[a];
                            sum += (double)p.logs[i * K + k] * off;
                            square += (double)p.logs[i * K + k] * off * ((double)x[i * d + b] - (double)p.plan.shift[b]);
                        }
                        assert_true(fabs(sums[k * d + a] - sum) < 2e-5);
                        assert_true(fabs(squares[full ? (k * d + a) * d + b : k * d + a] - square) < 2e-5);
                    }
            visml_mem_free(&ctx->memory, scratch);
            clear(&p);
        }
}

static void what_has_no_inverse_is_refused(void **state) {
    double flat[] = {1, 1, 1, 1}, one = 1, mean[2] = {0}, room[6];
    visml_mixture mix = {2, 1, 1, &one, mean, flat};
    visml_mixture_plan plan;
    void *memory = room_of(visml_mixture_bytes(2, 1, 1));
    (void)state;
    assert_status(visml_mixture_prepare(&mix, "test", memory, room, &plan, &err), VISML_ENONFINITE, &err);
    assert_string_equal(err.message, "test: the covariance of a component has no inverse");
    visml_mem_free(&ctx->memory, memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_are_those_of_the_densities),
        cmocka_unit_test(shares_add_up_and_scores_are_likelihoods),
        cmocka_unit_test(logs_of_any_size_are_shared),
        cmocka_unit_test(sums_are_weighted),
        cmocka_unit_test(what_has_no_inverse_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
