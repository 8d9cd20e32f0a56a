/* Aggregators that learn nothing. */
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "feature/aggregator.h"

static const visml_field fields[] = {{0}};

/* ---- concatenation ---- */

static int64_t length_of_all(const visml_aggregator *a, int64_t n, int64_t d) {
    int64_t length;
    (void)a;
    return n >= 0 && visml_i64_mul(n, d, &length) ? length : 0;
}

static void concatenate(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    (void)a, (void)c, (void)scratch;
    if (n)
        memcpy(y, x, (size_t)(n * d) * sizeof *y);
}

const visml_aggregator_class visml_aggregator_concatenation_class = {
    .kind = {.name = "concatenation", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .length = length_of_all,
    .aggregate = concatenate,
};

visml_aggregator *visml_aggregator_concatenation(visml_context *ctx, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_concatenation_class, NULL, err);
}

/* ---- mean ---- */

static int64_t length_of_one(const visml_aggregator *a, int64_t n, int64_t d) {
    (void)a, (void)n;
    return d;
}

/* Of no rows: zeros. */
static void average(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    (void)a, (void)c, (void)scratch;
    for (int64_t j = 0; j < d; j++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)x[i * d + j];
        y[j] = n ? (float)(sum / (double)n) : 0;
    }
}

const visml_aggregator_class visml_aggregator_mean_class = {
    .kind = {.name = "mean", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .length = length_of_one,
    .aggregate = average,
};

visml_aggregator *visml_aggregator_mean(visml_context *ctx, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_mean_class, NULL, err);
}

/* ---- max ---- */

static void largest(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    (void)a, (void)c, (void)scratch;
    for (int64_t j = 0; j < d; j++)
        y[j] = n ? x[j] : 0;
    for (int64_t i = 1; i < n; i++)
        for (int64_t j = 0; j < d; j++)
            y[j] = x[i * d + j] > y[j] ? x[i * d + j] : y[j];
}

const visml_aggregator_class visml_aggregator_max_class = {
    .kind = {.name = "max", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .length = length_of_one,
    .aggregate = largest,
};

visml_aggregator *visml_aggregator_max(visml_context *ctx, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_max_class, NULL, err);
}
