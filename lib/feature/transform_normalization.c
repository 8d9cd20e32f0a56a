/* Each vector by itself brought to length 1, of one kind or another. */
#include "feature/normalize.h"
#include "feature/transform.h"
#include "kernel/span.h"

static const char *const norm_names[] = {"", "l2", "l1", "max", "power", NULL};

static const visml_field fields[] = {
    VISML_FIELD_OF_ENUM(visml_normalization_opts, norm, VISML_NORM_L2, norm_names),
    VISML_FIELD(visml_normalization_opts, exponent, F64, VISML_FIELD_OPEN_MIN, 1, 0, 1, 0.5),
    {0},
};

static int64_t length(const visml_transform *t, int64_t d) {
    (void)t;
    return d;
}

typedef struct job {
    const visml_normalization_opts *o;
    const visml_compute *c;
    int64_t n, d;
    const float *x;
    float *y;
} job;

static void normalize_block(void *arg, size_t block, size_t worker) {
    const job *w = arg;
    int64_t rows = visml_span_rows(w->d), first = (int64_t)block * rows;
    (void)worker;
    for (int64_t i = first; i < first + rows && i < w->n; i++) {
        const float *x = w->x + i * w->d;
        float *y = w->y + i * w->d;
        if (w->o->norm == VISML_NORM_POWER)
            visml_power_row(w->c, w->d, w->o->exponent, x, y);
        visml_normalize_row(w->c, w->d, w->o->norm == VISML_NORM_POWER ? VISML_NORM_L2 : w->o->norm,
                            w->o->norm == VISML_NORM_POWER ? y : x, y);
    }
}

static void apply(const visml_transform *t, const visml_compute *c, int64_t n, int64_t d, const float *x, float *y, void *scratch) {
    job w = {t->object.opts, c, n, d, x, y};
    (void)scratch;
    visml_parallel_run(c->parallel, (size_t)visml_blocks(n, visml_span_rows(d)), normalize_block, &w);
}

const visml_transform_class visml_transform_normalization_class = {
    .kind = {.name = "normalization", .opts_size = sizeof(visml_normalization_opts), .fields = fields},
    .length = length,
    .apply = apply,
};

visml_transform *visml_transform_normalization(visml_context *ctx, const visml_normalization_opts *opts, visml_error *err) {
    return visml_transform_make(ctx, &visml_transform_normalization_class, opts, err);
}
