/* Search for the nearest rows against a plain sort of plain distances. */
#include <math.h>
#include <string.h>

#include "support/support.h"
#include "visml/visml.h"

enum { N = 5000, D = 19, Q = 70, K = 12 }; /* more than one block of each */

static visml_error err;

static float value(int64_t i) {
    return (float)((i * 7919 + i / 13) % 1009) / 256; /* whole numbers over 256, so that sums are exact in L1, and ties happen */
}

static visml_tensor *table(visml_context *ctx, int64_t n, int64_t shift) {
    visml_tensor *t = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(n, D), &err), &err);
    for (int64_t i = 0; i < n * D; i++)
        ((float *)visml_tensor_data(t))[i] = value(i + shift);
    return t;
}

static double distance(visml_metric metric, const float *a, const float *b) {
    double sum = 0, aa = 0, bb = 0;
    for (int i = 0; i < D; i++) {
        double x = (double)a[i], y = (double)b[i], d = x - y;
        sum += metric == VISML_METRIC_L2 ? d * d : metric == VISML_METRIC_L1 ? fabs(d) : metric == VISML_METRIC_COSINE ? x * y
               : metric == VISML_METRIC_INTERSECTION ? (x < y ? x : y) : x + y > 0 ? d * d / (x + y) : 0;
        aa += x * x, bb += y * y;
    }
    return metric == VISML_METRIC_L2 ? sqrt(sum) : metric == VISML_METRIC_COSINE ? 1 - sum / sqrt(aa * bb) : sum;
}

/* Every row that was not found is no nearer than the last one found, but for rounding. */
static void check_query(visml_metric metric, const float *rows, const float *query, const int32_t *places, const float *told) {
    static char found[N];
    double sign = metric == VISML_METRIC_INTERSECTION ? -1 : 1, tolerance = 2e-5;
    memset(found, 0, sizeof found);
    for (int k = 0; k < K; k++) {
        assert_in_range(places[k], 0, N - 1);
        assert_false(found[places[k]]);
        found[places[k]] = 1;
        assert_true(fabs((double)told[k] - distance(metric, query, rows + places[k] * D)) < tolerance);
        if (k) {
            assert_true(sign * (double)told[k - 1] <= sign * (double)told[k]);
            assert_true(told[k - 1] != told[k] || places[k - 1] < places[k]);
        }
    }
    for (int i = 0; i < N; i++)
        assert_true(found[i] || sign * distance(metric, query, rows + i * D) >= sign * (double)told[K - 1] - tolerance);
}

static void the_nearest_are_found(void **state) {
    visml_context *ctx = test_context(2);
    visml_tensor *rows = table(ctx, N, 0), *queries = table(ctx, Q, 333), *places, *distances;
    (void)state;
    for (visml_metric metric = VISML_METRIC_L2; metric <= VISML_METRIC_INTERSECTION; metric++) {
        visml_index *index = assert_made(visml_index_new(ctx, rows, VISML_OPTS(visml_index_opts, .metric = metric), &err), &err);
        assert_int_equal(visml_index_count(index), N);
        assert_ok(visml_index_search(index, queries, K, &places, &distances, &err), &err);
        for (int q = 0; q < Q; q += 3)
            check_query(metric, visml_tensor_data(rows), (const float *)visml_tensor_data(queries) + q * D,
                        (const int32_t *)visml_tensor_data(places) + q * K, (const float *)visml_tensor_data(distances) + q * K);
        visml_tensor_release(places);
        visml_tensor_release(distances);
        visml_index_free(index);
    }
    visml_tensor_release(rows);
    visml_tensor_release(queries);
    visml_context_free(ctx);
}

static void what_cannot_be_searched_is_an_error(void **state) {
    visml_context *ctx = test_context(1);
    visml_tensor *rows = table(ctx, 4, 0), *places = NULL, *narrow;
    (void)state;
    visml_index *index = assert_made(visml_index_new(ctx, rows, NULL, &err), &err);
    assert_int_equal(visml_index_search(index, rows, 5, &places, NULL, &err), VISML_EINVAL);
    assert_string_equal(err.message, "index: k is 5, must be 1 to 4, the number of rows");
    narrow = assert_made(visml_tensor_new(ctx, VISML_F32, VISML_SHAPE(1, D - 1), &err), &err);
    assert_int_equal(visml_index_search(index, narrow, 1, &places, NULL, &err), VISML_EINVAL);
    assert_null(places);
    assert_ok(visml_index_search(index, rows, 4, &places, NULL, &err), &err);
    visml_tensor_release(places);
    visml_index_free(index);
    ((float *)visml_tensor_data(rows))[D] = -1;
    assert_null(visml_index_new(ctx, rows, VISML_OPTS(visml_index_opts, .metric = VISML_METRIC_CHI2), &err));
    ((float *)visml_tensor_data(rows))[D] = NAN;
    assert_null(visml_index_new(ctx, rows, NULL, &err));
    visml_tensor_release(narrow);
    visml_tensor_release(rows);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_are_found),
        cmocka_unit_test(what_cannot_be_searched_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
