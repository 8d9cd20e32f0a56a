/* (x - mean) / deviation of each column. Sums are added in double, block after block; in two walks, so that the deviation does not suffer
 * from a mean that is large. */
#include <math.h>

#include "base/error.h"
#include "feature/column_sums.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_standardization_opts, no_mean, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD(visml_standardization_opts, no_deviation, FLAG, 0, 1, 0, 1, 0),
    VISML_FIELD_OF_RESERVED(visml_standardization_opts),
    {0},
};

static int64_t length(const visml_transform *t, int64_t d) {
    (void)t;
    return d;
}

/* A column that does not vary is only shifted. */
static visml_status end(visml_transform *t, const visml_compute *c, visml_error *err) {
    const visml_standardization_opts *o = t->object.opts;
    visml_memory *m = &t->object.context->memory;
    visml_column_sums *s = t->work;
    float *mean = visml_object_array_new(&t->object, "mean", VISML_F32, VISML_SHAPE(s->d), err);
    float *factor = mean ? visml_object_array_new(&t->object, "factor", VISML_F32, VISML_SHAPE(s->d), err) : NULL;
    (void)c;
    for (int64_t j = 0; factor && j < s->d; j++) {
        double average = visml_column_mean(s, j), deviation = sqrt(visml_column_variance(s, j));
        mean[j] = o->no_mean ? 0 : (float)average;
        factor[j] = o->no_deviation || deviation <= 1e-7 * fabs(average) ? 1 : (float)(1 / deviation);
    }
    t->dims = factor ? s->d : 0;
    visml_mem_free(m, s);
    t->work = NULL;
    return factor ? VISML_OK : VISML_ENOMEM;
}

static void apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    const float *mean = visml_object_array_data(&t->object, "mean"), *factor = visml_object_array_data(&t->object, "factor");
    (void)c, (void)scratch;
    for (int64_t i = 0; i < n; i++, x += d, y += d)
        for (int64_t j = 0; j < d; j++)
            y[j] = (x[j] - mean[j]) * factor[j];
}

static visml_status restore(visml_object *o, visml_error *err) {
    int64_t d = -1;
    VISML_TRY(visml_object_array_expect(o, "mean", VISML_F32, 1, &d, err));
    VISML_TRY(visml_object_array_expect(o, "factor", VISML_F32, 1, &d, err));
    ((visml_transform *)o)->dims = d;
    return VISML_OK;
}

const visml_transform_class visml_transform_standardization_class = {
    .kind = {.name = "standardization", .opts_size = sizeof(visml_standardization_opts), .fields = fields, .restore = restore},
    .length = length,
    .apply = apply,
    .begin = visml_column_sums_begin,
    .add = visml_column_sums_add,
    .end = end,
    .passes = 2,
};

visml_transform *visml_transform_standardization(visml_context *ctx, const visml_standardization_opts *opts, visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_standardization_class, opts, err);
}
