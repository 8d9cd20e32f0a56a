#include "base/error.h"
#include "feature/cells.h"
#include "feature/regions.h"

static const visml_field fields[] = {
    VISML_FIELD(visml_pyramid_opts, levels, I32, 0, 1, 1, 8, 3),
    {0},
};

static visml_status count(const visml_regions *r, int64_t height, int64_t width, int64_t *n, visml_error *err) {
    const visml_pyramid_opts *o = r->object.opts;
    int64_t side = (int64_t)1 << (o->levels - 1);
    *n = (side * side * 4 - 1) / 3;
    if (height >= side && width >= side)
        return VISML_OK;
    return visml_fail(err, VISML_EINVAL, "pyramid: %d levels need a picture of at least %lld x %lld, this one is %lld x %lld",
                      (int)o->levels, (long long)side, (long long)side, (long long)height, (long long)width);
}

static void box(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *b) {
    int64_t side = 1;
    (void)r;
    for (; k >= side * side; side *= 2)
        k -= side * side;
    *b = visml_cell(height, width, side, side, k);
}

const visml_regions_class visml_regions_pyramid_class = {
    .kind = {.name = "pyramid", .opts_size = sizeof(visml_pyramid_opts), .fields = fields},
    .count = count,
    .box = box,
};

visml_regions *visml_regions_pyramid(visml_context *ctx, const visml_pyramid_opts *opts, visml_error *err) {
    return visml_regions_make(ctx, &visml_regions_pyramid_class, opts, err);
}
