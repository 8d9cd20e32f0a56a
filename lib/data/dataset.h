/* A dataset: some samples of a source, in some order. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "data/source.h"

/* How a part came about, for the record in a manifest. */
typedef struct visml_split_record {
    visml_split_mode mode;
    double ratio[3];
    uint64_t seed;
    char group[256]; /* cut when longer; "" when none */
} visml_split_record;

/* Class numbers other than the source's: those of a model. Shared by a dataset and its subsets. */
typedef struct visml_class_map {
    _Atomic int64_t references;
    visml_arena names_arena;
    const char **names; /* [count] */
    size_t count;
    int32_t *labels; /* [classes of the source] the number of each class here */
} visml_class_map;

struct visml_dataset {
    visml_source *source;
    _Atomic int64_t references;
    int64_t count;
    int64_t *indices;           /* [count] numbers in the source (owned); NULL: all of them in order */
    visml_class_map *classes;   /* retained; NULL: as the source has them */
    visml_augmentation *augmentation; /* retained; NULL: samples as the source has them */
    visml_split_record *record; /* owned; NULL: not made by a split */
};

/* All of a source. Consumes the source, also on failure; NULL stays NULL. */
visml_dataset *visml_dataset_over(visml_source *source, visml_error *err);
/* Samples `indices` (numbers in the source, checked, consumed also on failure) of the source of `ds`, with its classes. */
visml_dataset *visml_dataset_view(const visml_dataset *ds, int64_t *indices, int64_t n, visml_error *err);
visml_dataset *visml_dataset_retain(visml_dataset *ds);
/* The same samples with the same classes and augmentation. */
visml_dataset *visml_dataset_same_samples(const visml_dataset *ds, visml_error *err);

/* augmented.c: the shape of a sample as batches have it, where the source's is known; whether samples of a batch are mixed.
 * Errors: VISML_EINVAL. */
visml_status visml_dataset_batch_shape(const visml_dataset *ds, visml_shape *shape, visml_error *err);
int visml_dataset_mixes(const visml_dataset *ds);

/* Sample i's number in the source. i must be in range. */
static inline int64_t visml_dataset_source_index(const visml_dataset *ds, int64_t i) {
    return ds->indices ? ds->indices[i] : i;
}

/* What the class `label` of the source is here; -1 stays. */
static inline int32_t visml_dataset_map_label(const visml_dataset *ds, int32_t label) {
    return ds->classes && label >= 0 ? ds->classes->labels[label] : label;
}

#endif
