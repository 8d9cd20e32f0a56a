/* The inside of augmentation: one const struct a change, one row in augmentations.def, and chains of them.
 *
 * What is drawn and what is done are apart: `draw` makes numbers of a stream, `apply` is a function of the numbers. */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include <stdatomic.h>

#include "base/options.h"
#include "base/rng.h"
#include "image/adjust.h"
#include "tensor/tensor.h"
#include "visml/data.h"

#define VISML_STREAM_AUGMENT 0x6175676d656e74u /* "augment": what a key is for, as in data/order.h */
#define VISML_STREAM_MIX 0x6d6978u             /* "mix" */

#define VISML_DRAWN 16 /* numbers that one change may draw for one picture */

/* Properties of a class. */
#define VISML_AUGMENT_RGB 1 /* needs 3 channels */

typedef struct visml_augmentation_class {
    const char *name; /* "random_flip": Keras' name, in files */
    size_t opts_size;
    const visml_field *fields;
    int32_t properties;
    /* Rules across options. NULL: none. */
    visml_status (*check)(const void *opts, visml_error *err);
    /* The sides of what comes out. NULL: as they were. */
    void (*sides)(const void *opts, int64_t *height, int64_t *width);
    /* How far around a pixel it looks. NULL: not at all. */
    int64_t (*border)(const void *opts);
    /* NULL: nothing is drawn. The canvas tells sides and channels. */
    void (*draw)(const void *opts, visml_rng *rng, const visml_canvas *c, double *drawn);
    /* key: for what needs more numbers than `drawn` has. */
    void (*apply)(const void *opts, const double *drawn, uint64_t key, visml_canvas *c);

    /* Classes that mix the pictures of a batch have these in place of draw and apply. height, width: of the pictures.
     * draw_batch: what all of a batch share. NULL: nothing. draw_pair: for one picture, behind it in `drawn`; the weight that the picture
     * itself keeps in drawn[0]. pair: y of a and another, channels c. */
    void (*draw_batch)(const void *opts, visml_rng *rng, double *drawn);
    void (*draw_pair)(const void *opts, visml_rng *rng, const double *batch, int64_t height, int64_t width, double *drawn);
    void (*pair_u8)(visml_context *ctx, const double *drawn, const visml_shape *shape, const uint8_t *a, const uint8_t *b, uint8_t *y);
    void (*pair_f32)(visml_context *ctx, const double *drawn, const visml_shape *shape, const float *a, const float *b, float *y);
} visml_augmentation_class;

#define AUGMENTATION(name) extern const visml_augmentation_class visml_##name##_class;
#include "data/augmentations.def"
#undef AUGMENTATION

/* All classes, in the order of augmentations.def; NULL ends the list. */
extern const visml_augmentation_class *const visml_augmentation_classes[];
/* By name; NULL when there is none. */
const visml_augmentation_class *visml_augmentation_class_find(const char *name);

/* One change with its options; chains share it. */
typedef struct visml_augment_step {
    const visml_augmentation_class *cls;
    visml_context *context;
    _Atomic int64_t references;
    void *opts; /* checked, with defaults */
} visml_augment_step;

struct visml_augmentation {
    visml_context *context;
    _Atomic int64_t references;
    size_t count;
    visml_augment_step **steps; /* [count], each retained; those that mix come last */
};

/* What every constructor calls. */
visml_augmentation *visml_augmentation_make(visml_context *ctx, const visml_augmentation_class *cls, const void *opts, visml_error *err);
visml_augmentation *visml_augmentation_retain(const visml_augmentation *a);
/* How many of its steps change single pictures; they come first. */
size_t visml_augmentation_singles(const visml_augmentation *a);
static inline int visml_augmentation_mixes(const visml_augmentation *a) {
    return visml_augmentation_singles(a) < a->count;
}
json_t *visml_augmentation_json(const visml_augmentation *a); /* NULL when memory ran out */

/* Whether the single steps can be done to pictures of this shape, and what comes out. Errors: VISML_EINVAL. */
visml_status visml_augmentation_infer(const visml_augmentation *a, const visml_shape *in, visml_shape *out, visml_error *err);

/* Memory for one picture at a time; {0} to begin with. */
typedef struct visml_augment_room {
    void *source; /* a picture as it was read */
    float *floats[2];
    size_t source_bytes, count; /* of floats, each */
} visml_augment_room;

/* Room for pictures of this shape. Errors: VISML_ENOMEM. */
visml_status visml_augment_room_take(visml_augment_room *room, visml_memory *m, const visml_augmentation *a, const visml_shape *in,
                                     visml_dtype dtype, visml_error *err);
void visml_augment_room_free(visml_augment_room *room, visml_memory *m);

/* The single steps, from a picture of this shape, which has been inferred from, to `out`. key: visml_augment_key. */
void visml_augmentation_run(const visml_augmentation *a, visml_augment_room *room, const visml_shape *in, visml_dtype dtype, uint64_t key,
                            const void *source, void *out);
static inline uint64_t visml_augment_key(uint64_t seed, int64_t epoch, int64_t index) {
    return visml_key(visml_key(visml_key(seed, VISML_STREAM_AUGMENT), (uint64_t)epoch), (uint64_t)index);
}

/* ---- what the classes share ---- */

/* A number of a range. */
static inline double visml_draw_between(visml_rng *rng, const double range[2]) {
    return range[0] + (range[1] - range[0]) * visml_rng_uniform(rng);
}
/* 1 with this probability. */
static inline double visml_draw_chance(visml_rng *rng, double probability) {
    return visml_rng_uniform(rng) < probability;
}
/* 1 or -1. */
static inline double visml_draw_sign(visml_rng *rng) {
    return visml_rng_uniform(rng) < 0.5 ? 1 : -1;
}
/* Beta(alpha, alpha), alpha > 0. */
double visml_draw_beta(visml_rng *rng, double alpha);

extern const char *const visml_fill_mode_names[];
extern const char *const visml_interpolation_names[];
extern const char *const visml_flip_mode_names[];

#define VISML_FIELD_OF_VALUES(type) VISML_FIELD_OF_RANGE(type, value_range, 0, -1e30, 1e30, 0, 255)
#define VISML_FIELDS_OF_SAMPLING(type)                                                                                     \
    VISML_FIELD_OF_ENUM(type, fill_mode, 0, visml_fill_mode_names), VISML_FIELD(type, fill_value, F64, 0, 1, -1e30, 1e30, 0), \
        VISML_FIELD_OF_ENUM(type, interpolation, 0, visml_interpolation_names), VISML_FIELD_OF_RESERVED(type)

/* The fill modes and interpolations of the public header are the kernel's. */
static inline visml_sampling visml_sampling_of(visml_fill_mode fill, visml_interpolation interpolation, double value) {
    return (visml_sampling){fill, interpolation == VISML_INTERPOLATION_NEAREST, value};
}

#endif
