/* The inside of regions: one const struct a class, one row in regions.def. */
#ifndef FEATURE_REGIONS_H
#define FEATURE_REGIONS_H

#include "tensor/object.h"
#include "visml/feature.h"

/* A copy of the picture that rectangles are taken from. */
typedef struct visml_level {
    int64_t height, width;    /* what the picture is resized to */
    int64_t vertical, horizontal; /* borders of `value` on both sides after that, pixels */
    double value;
} visml_level;

typedef struct visml_regions_class {
    visml_kind kind;
    /* Copies of the picture, of which there is one at least. NULL: one, as it is. */
    int32_t (*levels)(const visml_regions *r);
    /* Copy number i of a picture of this size. NULL: as it is. height or width 0: the picture is too small for it, there are no
     * rectangles. */
    void (*level)(const visml_regions *r, int32_t i, int64_t height, int64_t width, visml_level *level);
    /* How many rectangles a copy has, borders included; 0 only with several copies. Errors: VISML_EINVAL: why a picture does not fit. */
    visml_status (*count)(const visml_regions *r, int64_t height, int64_t width, int64_t *count, visml_error *err);
    void (*box)(const visml_regions *r, int64_t height, int64_t width, int64_t k, visml_box *box);
} visml_regions_class;

struct visml_regions {
    visml_object object;
};

#define REGIONS(name) extern const visml_regions_class visml_regions_##name##_class;
#include "feature/regions.def"
#undef REGIONS
/* All classes, in the order of regions.def; NULL ends the list. */
extern const visml_regions_class *const visml_regions_classes[];

static inline const visml_regions_class *visml_regions_class_of(const visml_regions *r) {
    return (const visml_regions_class *)r->object.kind;
}
visml_regions *visml_regions_make(visml_context *ctx, const visml_regions_class *cls, const void *opts, visml_error *err);
visml_regions *visml_regions_from_object(visml_context *ctx, const json_t *object, visml_error *err);
/* As visml_object_json, with the rectangles of boxes. */
json_t *visml_regions_json(const visml_regions *r);
/* Boxes from the list that visml_regions_json writes. Errors: VISML_EFORMAT, VISML_ENOMEM. */
visml_status visml_regions_read_boxes(visml_regions *r, const json_t *list, visml_error *err);
/* With the defaults of those classes that say nothing of it. */
int32_t visml_regions_levels(const visml_regions *r);
visml_level visml_regions_level(const visml_regions *r, int32_t i, int64_t height, int64_t width);
/* Of copy number i of a picture: how many, after its borders. Errors as count. */
visml_status visml_regions_count(const visml_regions *r, int32_t i, int64_t height, int64_t width, int64_t *count, visml_error *err);

#endif
