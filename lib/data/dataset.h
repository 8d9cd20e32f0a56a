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

struct visml_dataset {
    visml_source *source;
    _Atomic int64_t references;
    int64_t count;
    int64_t *indices;           /* [count] numbers in the source (owned); NULL: all of them in order */
    visml_split_record *record; /* owned; NULL: not made by a split */
};

/* All of a source. Consumes the source, also on failure; NULL stays NULL. */
visml_dataset *visml_dataset_over(visml_source *source, visml_error *err);
/* Samples `indices` (numbers in the source, checked, consumed also on failure) of a source, which is retained. */
visml_dataset *visml_dataset_view(visml_source *source, int64_t *indices, int64_t n, visml_error *err);
visml_dataset *visml_dataset_retain(visml_dataset *ds);

/* Sample i's number in the source. i must be in range. */
static inline int64_t visml_dataset_source_index(const visml_dataset *ds, int64_t i) {
    return ds->indices ? ds->indices[i] : i;
}

#endif
