/* How many rows are nearest to each word of a codebook. */
#include <string.h>

#include "feature/codebook.h"
#include "feature/normalize.h"

static const char *const norm_names[] = {"", "l1", "l2", "none", NULL};

static const visml_field fields[] = {
    VISML_CODEBOOK_FIELDS(visml_bag_of_words_opts),
    VISML_FIELD_OF_ENUM(visml_bag_of_words_opts, norm, VISML_WORDS_L1, norm_names),
    {0},
};
VISML_CODEBOOK_CHECK(visml_bag_of_words_opts);

static int64_t length(const visml_aggregator *a, int64_t n, int64_t d) {
    (void)n, (void)d;
    return visml_codebook_clusters(a);
}

static void aggregate(const visml_aggregator *a, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    const visml_bag_of_words_opts *o = a->object.opts;
    const int32_t *labels = visml_codebook_labels(a, c, n, d, x, scratch);
    memset(y, 0, (size_t)o->clusters * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[labels[i]] += 1;
    if (o->norm != VISML_WORDS_NONE)
        visml_normalize_row(c, o->clusters, o->norm == VISML_WORDS_L1 ? VISML_NORM_L1 : VISML_NORM_L2, y, y);
}

const visml_aggregator_class visml_aggregator_bag_of_words_class = {
    .kind = {.name = "bag_of_words", .opts_size = sizeof(visml_bag_of_words_opts), .fields = fields, .restore = visml_codebook_restore},
    .length = length,
    .scratch = visml_codebook_scratch,
    .aggregate = aggregate,
    .fit = visml_codebook_fit,
};

visml_aggregator *visml_aggregator_bag_of_words(visml_context *ctx, const visml_bag_of_words_opts *opts, visml_error *err) {
    return visml_aggregator_make(ctx, &visml_aggregator_bag_of_words_class, opts, err);
}
