/* Columns that vary (scikit-learn's VarianceThreshold). */
#include "base/error.h"
#include "feature/column_sums.h"
#include "feature/selection.h"

static const visml_field fields[] = {
    VISML_FIELD_OF_RESERVED(visml_variance_selection_opts),
    VISML_FIELD(visml_variance_selection_opts, threshold, F64, 0, 1, 0, 1e30, 0),
    {0},
};

/* What rounding alone makes of a column that does not vary is no variance: the mean in double is off by some n 2^-53 of itself. */
static double variance_of(const visml_column_sums *s, int64_t j) {
    double mean = visml_column_mean(s, j), variance = visml_column_variance(s, j), noise = 1e-13 * mean;
    return variance <= noise * noise ? 0 : variance;
}

static visml_status choose(visml_transform *t, const visml_column_sums *s, uint8_t *keep, visml_error *err) {
    const visml_variance_selection_opts *o = t->object.opts;
    double largest = 0;
    int64_t count = 0;
    for (int64_t j = 0; j < s->d; j++) {
        double v = variance_of(s, j);
        largest = v > largest ? v : largest;
        count += keep[j] = v > o->threshold;
    }
    if (!count)
        return visml_fail(err, VISML_EINVAL, "variance_selection: no column has a variance above threshold %g; the largest is %g",
                          o->threshold, largest);
    float *variances = visml_object_array_new(&t->object, "variances", VISML_F32, VISML_SHAPE(s->d), err);
    for (int64_t j = 0; variances && j < s->d; j++)
        variances[j] = (float)variance_of(s, j);
    return variances ? visml_selection_keep(t, s->d, keep, err) : VISML_ENOMEM;
}

static visml_status end(visml_transform *t, const visml_compute *c, visml_error *err) {
    visml_memory *m = &t->object.context->memory;
    const visml_column_sums *s = t->work;
    uint8_t *keep = visml_mem_alloc(m, (size_t)s->d, err);
    (void)c;
    visml_status status = keep ? choose(t, s, keep, err) : VISML_ENOMEM;
    visml_mem_free(m, keep);
    visml_mem_free(m, t->work);
    t->work = NULL;
    return status;
}

static visml_status restore(visml_object *o, visml_error *err) {
    return visml_selection_restore(o, "variances", err);
}

const visml_transform_class visml_transform_variance_selection_class = {
    .kind = {.name = "variance_selection", .opts_size = sizeof(visml_variance_selection_opts), .fields = fields, .restore = restore},
    .length = visml_selection_length,
    .apply = visml_selection_apply,
    .begin = visml_column_sums_begin,
    .add = visml_column_sums_add,
    .end = end,
    .passes = 2,
};

visml_transform *visml_transform_variance_selection(visml_context *ctx, const visml_variance_selection_opts *opts, visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_variance_selection_class, opts, err);
}
