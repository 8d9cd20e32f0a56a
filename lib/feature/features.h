/* The inside of features: branches (an extractor, where it looks, how its rows become one vector) and the transforms behind them. */
#ifndef FEATURE_FEATURES_H
#define FEATURE_FEATURES_H

#include "feature/aggregator.h"
#include "feature/extractor.h"
#include "feature/regions.h"
#include "feature/transform.h"
#include "tensor/draft.h"

#define VISML_MAX_BRANCHES 64
#define VISML_MAX_TRANSFORMS 16

typedef struct visml_branch {
    visml_extractor *extractor;
    visml_regions *regions;   /* owned, as all here; never NULL */
    visml_aggregator *encode; /* NULL: concatenation */
    visml_aggregator *pool;   /* likewise */
} visml_branch;

struct visml_features {
    visml_context *context; /* one reference */
    _Atomic int64_t references;
    visml_features_opts opts;
    int32_t closed; /* 1: it has been fitted or loaded, nothing can be added */
    size_t branch_count, transform_count;
    visml_branch branches[VISML_MAX_BRANCHES];
    visml_transform *transforms[VISML_MAX_TRANSFORMS];
};

extern const visml_field visml_features_fields[];
visml_features *visml_features_retain(const visml_features *f);
/* Object number i of all that it is made of, in a fixed order (those of branch 0, ..., transforms); NULL behind the last one. */
visml_object *visml_features_object(const visml_features *f, size_t i);
json_t *visml_features_json(const visml_features *f); /* NULL when memory ran out */
/* Errors: VISML_EFORMAT, VISML_EINVAL, VISML_ENOMEM. */
visml_features *visml_features_from_object(visml_context *ctx, const json_t *value, visml_error *err);
/* The same features, open, and as far learned. NULL: VISML_ENOMEM. */
visml_features *visml_features_copy(const visml_features *f, visml_error *err);
/* All that a file has to hold of fitted features; the draft is to be cleared, also on failure. Errors: VISML_ENOMEM. */
visml_status visml_features_draft(const visml_features *f, visml_draft *d, visml_error *err);
/* The fitted features of such a file, or part of a file. Errors: VISML_EFORMAT, VISML_EINVAL, VISML_ENOMEM. */
visml_features *visml_features_from_bundle(visml_context *ctx, const visml_bundle *b, visml_error *err);

/* ---- features_plan.c: what a picture of some size gives ---- */

typedef struct visml_branch_plan {
    int64_t regions;       /* of all copies of the picture */
    int64_t rows, columns; /* of a region; rows: the most of any */
    int64_t vector;        /* length of a region's vector */
    int64_t length;        /* of the branch's vector */
    size_t scratch;        /* bytes, for the most demanding step */
    int64_t all_rows;      /* of all regions */
} visml_branch_plan;

typedef struct visml_features_plan {
    int64_t height, width, channels; /* of pictures as they come; 0: nothing is planned */
    int64_t length;                  /* of the vector before the transforms */
    visml_branch_plan branches[VISML_MAX_BRANCHES];
} visml_features_plan;

/* With `raw` a branch stops at its rows, which is what codebooks are learned from: vector and length are 0. Errors: VISML_EINVAL (why such
 * a picture does not fit), VISML_ELIMIT; plan->height is 0 then. */
visml_status visml_features_plan_make(const visml_features *f, const visml_compute *c, int raw, int64_t height, int64_t width,
                                      int64_t channels, visml_features_plan *plan, visml_error *err);
/* The picture's sides and channels when extractors look at it. */
void visml_features_sides(const visml_features *f, int64_t *height, int64_t *width, int64_t *channels);
/* How long vectors are after the first `count` transforms. */
int64_t visml_features_length_after(const visml_features *f, int64_t length, size_t count);

/* ---- features_run.c ---- */

/* What works on pictures, one at a time; {0} with a compute to begin with. */
typedef struct visml_features_worker {
    visml_compute compute;
    int raw;
    visml_features_plan plan;
    char *room; /* rows and vectors of a branch, then scratch */
    size_t room_bytes;
} visml_features_worker;

void visml_features_worker_clear(const visml_features *f, visml_features_worker *w);
/* A picture is rank 3, bytes or finite floats, contiguous, with sides of at most 65,535. Errors: VISML_EINVAL. */
visml_status visml_features_check_image(const visml_compute *c, const visml_tensor *image, visml_error *err);
/* A checked picture as extractors are to see it: a new tensor, or another reference. Errors: VISML_EINVAL, VISML_ENOMEM. */
visml_tensor *visml_features_sized(const visml_features *f, const visml_tensor *image, visml_error *err);
/* Plans w for a checked picture, unless it is planned for its size already. Errors: as visml_features_plan_make. */
visml_status visml_features_prepare(const visml_features *f, visml_features_worker *w, const visml_tensor *image, visml_error *err);
/* A checked picture, prepared for, to y[w->plan.length], before transforms. Errors: VISML_ENOMEM. */
visml_status visml_features_picture(const visml_features *f, visml_features_worker *w, const visml_tensor *image, float *y,
                                    visml_error *err);

/* What a branch hands to those who learn, region after region. Any of them may be NULL. */
typedef struct visml_branch_visitor {
    void *user;
    visml_status (*view)(void *user, const visml_view *v, visml_error *err);                           /* before the extractor */
    visml_status (*rows)(void *user, int64_t n, int64_t d, const float *x, visml_error *err);          /* of a region, before `encode` */
    visml_status (*vectors)(void *user, int64_t n, int64_t d, const float *x, visml_error *err);       /* of all regions, before `pool` */
} visml_branch_visitor;
/* A checked picture, prepared for with w->raw when vectors are not asked for. A branch goes no further than it is asked for.
 * Errors: what the functions give, VISML_ENOMEM. */
visml_status visml_features_visit(const visml_features *f, visml_features_worker *w, const visml_tensor *image, size_t branch,
                                  const visml_branch_visitor *visitor, visml_error *err);
/* Transforms first ... end - 1 on vectors x[n, d]; *y is x (no transforms) or new memory (visml_mem_free). Errors: VISML_ENOMEM. */
visml_status visml_features_transforms(const visml_features *f, const visml_compute *c, size_t first, size_t end, int64_t n, int64_t d,
                                       float *x, float **y, visml_error *err);

#endif
