#include "base/error.h"
#include "feature/cells.h"
#include "feature/regions.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_grid_opts, rows, I32, 0, 1, 1, 1024, 4),
    VISML_FIELD(visml_grid_opts, columns, I32, 0, 1, 1, 1024, 4),
    VISML_FIELD_OF_RESERVED(visml_grid_opts),
    {0},
};

static visml_status count(const visml_regions *r, int64_t height, int64_t width, int64_t *n, visml_error *err) {
    const visml_grid_opts *o = r->object.opts;
    *n = (int64_t)o->rows * o->columns;
    if (height >= o->rows && width >= o->columns)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "grid: %d x %d cells need a picture of at least as many pixels, this one is %lld x %lld",
                      (int)o->rows, (int)o->columns, (long long)height, (long long)width);
}

static void box(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *b) {
    const visml_grid_opts *o = r->object.opts;
    *b = visml_cell(height, width, o->rows, o->columns, k);
}

const visml_regions_class visml_regions_grid_class = {
    .kind = {.name = "grid", .opts_size = sizeof(visml_grid_opts), .fields = fields},
    .count = count,
    .box = box,
};

visml_regions *visml_regions_grid(visml_context *ctx, const visml_grid_opts *opts, visml_error *err) {
    return visml_regions_make(ctx, &visml_regions_grid_class, opts, err);
}
