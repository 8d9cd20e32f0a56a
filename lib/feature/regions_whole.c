#include "feature/regions.h"

static const visml_field fields[] = {{0}};

static visml_status count(const visml_regions *r, int64_t height, int64_t width, int64_t *n, visml_error *err) {
    (void)r, (void)height, (void)width, (void)err;
    *n = 1;
    return VISML_OK;
}

static void box(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *b) {
    (void)r, (void)k;
    *b = (visml_box){0, 0, (int32_t)height, (int32_t)width};
}

const visml_regions_class visml_regions_whole_class = {
    .kind = {.name = "whole", .opts_size = sizeof(visml_no_opts), .fields = fields},
    .count = count,
    .box = box,
};

visml_regions *visml_regions_whole(visml_context *ctx, visml_error *err) {
    return visml_regions_make(ctx, &visml_regions_whole_class, NULL, err);
}
