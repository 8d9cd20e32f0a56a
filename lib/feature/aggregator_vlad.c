/* What rows differ by from the nearest word, added up for each word. */
#include <string.h>

#include "base/checked.h"
#include "feature/codebook.h"
#include "feature/normalize.h"

static const visml_field fields[] = {
    VISML_CODEBOOK_FIELDS(visml_vlad_opts),
    VISML_FIELD(visml_vlad_opts, no_power, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_vlad_opts, intra, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_vlad_opts, no_l2, FLAG, 0, 1, 0, 1, 0),
    {0},
};
VISML_CODEBOOK_CHECK(visml_vlad_opts);

static int64_t length(const visml_aggregator *a, int64_t n, int64_t d) {
    int64_t count;
    (void)n;
    return visml_i64_mul(visml_codebook_clusters(a), d, &count) ? count : 0;
}

static void add_differences(int64_t n, int64_t d, const float *x, const int32_t *labels, const float *centers, float *y) {
    for (int64_t i = 0; i < n; i++, x += d) {
        const float *center = centers + labels[i] * d;
        float *to = y + labels[i] * d;
        for (int64_t j = 0; j < d; j++)
            to[j] += x[j] - center[j];
    }
}

static void aggregate(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    const visml_vlad_opts *o = a->object.opts;
    int64_t all = o->clusters * d;
    const int32_t *labels = visml_codebook_labels(a, c, n, d, x, scratch);
    memset(y, 0, (size_t)all * sizeof *y);
    add_differences(n, d, x, labels, visml_object_array_data(&a->object, "centers"), y);
    for (int64_t k = 0; o->intra && k < o->clusters; k++)
        visml_normalize_row(c, d, VISML_NORM_L2, y + k * d, y + k * d);
    if (!o->no_power && !o->intra)
        visml_power_row(c, all, 0.5, y, y);
    if (!o->no_l2)
        visml_normalize_row(c, all, VISML_NORM_L2, y, y);
}

const visml_aggregator_class visml_aggregator_vlad_class = {
    .kind = {.name = "vlad", .opts_size = sizeof(visml_vlad_opts), .fields = fields, .restore = visml_codebook_restore},
    .length = length,
    .scratch = visml_codebook_scratch,
    .aggregate = aggregate,
    .fit = visml_codebook_fit,
};

visml_aggregator *visml_aggregator_vlad(visml_context *ctx, const visml_vlad_opts *opts, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_vlad_class, opts, err);
}
