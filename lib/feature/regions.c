#include "feature/regions.h"

#include <math.h>

#include "base/error.h"

const visml_regions_class *const visml_regions_classes[] = {
#define REGIONS(name) &visml_regions_##name##_class,
#include "feature/regions.def"
#undef REGIONS
    NULL,
};

static const char *name_of(size_t i) {
    return visml_regions_classes[i] ? visml_regions_classes[i]->kind.name : NULL;
}
static const visml_family family = {"regions", name_of};

visml_regions *visml_regions_make(visml_context *ctx, const visml_regions_class *cls, const void *opts, visml_error *err) {
    return visml_object_make(ctx, "regions", &cls->kind, sizeof(visml_regions), opts, err);
}

visml_regions *visml_regions_from_object(visml_context *ctx, const json_t *object, visml_error *err) {
    static const char *const known[] = {"boxes", "class", NULL};
    size_t i;
    if (visml_description_class(&family, object, &i, err) < 0)
        return NULL;
    const visml_kind *kind = &visml_regions_classes[i]->kind;
    int boxes = kind == &visml_regions_boxes_class.kind; /* others have no such key */
    visml_regions *r = visml_object_from_json(ctx, "regions", kind, sizeof *r, object, known + !boxes, err);
    if (!r || !boxes || visml_regions_read_boxes(r, json_object_get(object, "boxes"), err) == VISML_OK)
        return r;
    visml_regions_free(r);
    return NULL;
}

void visml_regions_free(visml_regions *regions) {
    visml_object_release(regions);
}

/* ---- copies of the picture ---- */

int32_t visml_regions_levels(const visml_regions *r) {
    const visml_regions_class *cls = visml_regions_class_of(r);
    return cls->levels ? cls->levels(r) : 1;
}

visml_level visml_regions_level(const visml_regions *r, int32_t i, int64_t height, int64_t width) {
    const visml_regions_class *cls = visml_regions_class_of(r);
    visml_level level = {.height = height, .width = width};
    if (cls->level)
        cls->level(r, i, height, width, &level);
    return level;
}

visml_status visml_regions_count(const visml_regions *r, int32_t i, int64_t height, int64_t width, int64_t *count, visml_error *err) {
    const visml_regions_class *cls = visml_regions_class_of(r);
    visml_level level = visml_regions_level(r, i, height, width);
    *count = 0;
    if (level.height < 1 || level.width < 1)
        return VISML_OK;
    return cls->count(r, level.height + 2 * level.vertical, level.width + 2 * level.horizontal, count, err);
}

/* ---- rectangles ---- */

/* Where a rectangle of a copy lies in the picture. */
static visml_box in_picture(const visml_level *level, const visml_box *b, int64_t height, int64_t width) {
    double down = (double)height / (double)level->height, right = (double)width / (double)level->width;
    double top = ((double)b->top - (double)level->vertical) * down, left = ((double)b->left - (double)level->horizontal) * right;
    visml_box box = {.top = (int32_t)floor(top + 0.5), .left = (int32_t)floor(left + 0.5)};
    box.height = (int32_t)floor((double)b->height * down + 0.5);
    box.width = (int32_t)floor((double)b->width * right + 0.5);
    return box;
}

static visml_status boxes_of_level(const visml_regions *r, int32_t i, int64_t height, int64_t width, visml_box *boxes, size_t capacity,
                                   size_t *done, visml_error *err) {
    visml_level level = visml_regions_level(r, i, height, width);
    int64_t count, tall = level.height + 2 * level.vertical, wide = level.width + 2 * level.horizontal;
    visml_box box;
    VISML_TRY(visml_regions_count(r, i, height, width, &count, err));
    for (int64_t k = 0; k < count && *done + (size_t)k < capacity; k++) {
        visml_regions_class_of(r)->box(r, tall, wide, k, &box);
        boxes[*done + (size_t)k] = in_picture(&level, &box, height, width);
    }
    *done += (size_t)count;
    return VISML_OK;
}

static visml_status check_boxes_of(const visml_regions *r, int64_t height, int64_t width, const visml_box *boxes, size_t capacity,
                                   const size_t *count, visml_error *err) {
    if (!r || !count || (capacity && !boxes))
        return visml_fail(err, VISML_EINVAL, "regions: %s is NULL", !r ? "regions" : !count ? "count" : "boxes");
    if (height < 1 || width < 1 || height > 65535 || width > 65535)
        return visml_fail(err, VISML_EINVAL, "regions: the picture is %lld x %lld, must be 1 x 1 to 65535 x 65535", (long long)height,
                          (long long)width);
    return VISML_OK;
}

visml_status visml_regions_boxes_of(const visml_regions *regions, int64_t height, int64_t width, visml_box *boxes, size_t capacity,
                                    size_t *count, visml_error *err) {
    size_t done = 0;
    VISML_TRY(check_boxes_of(regions, height, width, boxes, capacity, count, err));
    for (int32_t i = 0; i < visml_regions_levels(regions); i++)
        VISML_TRY(boxes_of_level(regions, i, height, width, boxes, capacity, &done, err));
    *count = done;
    return VISML_OK;
}
