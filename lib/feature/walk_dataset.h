/* A walk over the pictures of a dataset: several threads read and look at them, one takes what they found, in order. */
#ifndef FEATURE_WALK_DATASET_H
#define FEATURE_WALK_DATASET_H

#include "feature/features.h"

extern const visml_field visml_feature_run_fields[]; /* features_fit.c */

typedef struct visml_dataset_walk {
    const visml_features *features;
    visml_dataset *dataset;
    const visml_feature_run_opts *opts; /* checked; NULL: no progress */
    int32_t pass, passes;               /* for progress */
    int raw;                            /* plan workers so */
    void *user;
    /* From the caller's thread, before the n pictures of a block. NULL: nothing to do. */
    visml_status (*begin)(void *user, size_t n, visml_error *err);
    /* From worker threads, for picture `i` of the dataset in place `slot` (below VISML_WALK_BLOCK) of a block. Errors end the walk. */
    visml_status (*look)(void *user, visml_features_worker *w, const visml_tensor *image, int64_t i, size_t slot, visml_error *err);
    /* From the caller's thread, in the order of the dataset: what is in a slot. NULL: nothing to do. */
    visml_status (*take)(void *user, int64_t i, size_t slot, visml_error *err);
} visml_dataset_walk;

#define VISML_WALK_BLOCK 64 /* pictures at a time; fixed, so that results do not depend on threads */

/* Errors: those of look and take; VISML_ECANCELLED; of a picture that cannot be read as the dataset was told to (else it is passed over and
 * listed); VISML_EINVAL: pictures that do not fit, with their names. */
visml_status visml_dataset_walk_run(const visml_dataset_walk *walk, visml_error *err);

#endif
