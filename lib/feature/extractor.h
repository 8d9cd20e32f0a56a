/* The inside of an extractor: one const struct a class, one row in extractors.def. */
#ifndef FEATURE_EXTRACTOR_H
#define FEATURE_EXTRACTOR_H

#include "feature/view.h"
#include "kernel/compute.h"
#include "tensor/object.h"
#include "visml/feature.h"

/* What an extractor takes. Pictures are brought to it: luma of colours, bytes to floats (v / 255) and back (rounded, cut off at 0 and 255),
 * once for all regions. */
#define VISML_TAKES_BYTES 1
#define VISML_TAKES_FLOATS 2 /* both: as the picture is */
#define VISML_TAKES_GRAY 4   /* one channel */
#define VISML_TAKES_RGB 8    /* three channels; neither: any */

typedef struct visml_extractor_class {
    visml_kind kind;
    int32_t takes;
    /* What a view of these sides gives: rows x columns numbers, both >= 1, or why it does not fit, in the words "needs ...". */
    visml_status (*measure)(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows, int64_t *columns,
                            visml_error *err);
    /* Bytes for one call, never more for a smaller view; NULL: none. */
    size_t (*scratch)(const visml_extractor *e, const visml_compute *c, int64_t height, int64_t width, int64_t channels);
    /* y: [rows, columns]. Allocates nothing; scratch is aligned to 64. */
    void (*extract)(const visml_extractor *e, const visml_compute *c, const visml_view *v, float *y, void *scratch);
    /* Classes that learn (else NULL): from one view after the other, then once at the end. What is learned lies in arrays of the object;
     * `fitted` is what measure and extract rely on. */
    visml_status (*fit_add)(visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err);
    visml_status (*fit_end)(visml_extractor *e, visml_error *err);
    /* Classes that gather a vector from what they see in many places (else NULL): that, as a new tensor [rows, columns, n], VISML_F32, of a
     * view that was measured. For people to look at; it may allocate. Errors: VISML_ENOMEM. */
    visml_tensor *(*map)(const visml_extractor *e, const visml_compute *c, const visml_view *v, visml_error *err);
} visml_extractor_class;

struct visml_extractor {
    visml_object object;
    int32_t fitted; /* set by fit_end and by loading; of no meaning for classes that do not learn */
};

#define EXTRACTOR(name) extern const visml_extractor_class visml_extractor_##name##_class;
#include "feature/extractors.def"
#undef EXTRACTOR
/* All classes, in the order of extractors.def; NULL ends the list. */
extern const visml_extractor_class *const visml_extractor_classes[];

static inline const visml_extractor_class *visml_extractor_class_of(const visml_extractor *e) {
    return (const visml_extractor_class *)e->object.kind;
}
visml_extractor *visml_extractor_make(visml_context *ctx, const visml_extractor_class *cls, const void *opts, visml_error *err);
visml_extractor *visml_extractor_from_object(visml_context *ctx, const json_t *object, visml_error *err);
/* 1 when it learns and has not. */
int visml_extractor_waits(const visml_extractor *e);
/* measure, with the class' name in front of messages, and checks of what it says. */
visml_status visml_extractor_measure(const visml_extractor *e, int64_t height, int64_t width, int64_t channels, int64_t *rows,
                                     int64_t *columns, visml_error *err);
/* Parts of a scratch begin at cache lines. */
static inline size_t visml_whole_lines(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}
static inline size_t visml_extractor_scratch(const visml_extractor *e, const visml_compute *c, int64_t h, int64_t w, int64_t channels) {
    const visml_extractor_class *cls = visml_extractor_class_of(e);
    return cls->scratch ? cls->scratch(e, c, h, w, channels) : 0;
}

/* The map of a picture, of a class that has one (features_transform.c). Errors: as visml_extractor_run. */
visml_tensor *visml_extractor_map(const visml_extractor *e, const visml_tensor *image, visml_error *err);

#endif
