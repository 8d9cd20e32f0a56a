/* The inside of a table: rows of numbers, one a picture. */
#ifndef FEATURE_TABLE_H
#define FEATURE_TABLE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "tensor/tensor.h"
#include "visml/feature.h"

struct visml_table {
    visml_context *context; /* one reference */
    _Atomic int64_t references;
    int64_t count, length;
    visml_tensor *values;     /* [count, length] */
    visml_tensor *labels;     /* [count] */
    int64_t *samples;         /* [count] (owned) numbers in the dataset */
    const char **paths;       /* [count] (owned), each of the arena; NULL: no files */
    const char **class_names; /* [classes] (owned), each of the arena */
    size_t classes;
    visml_arena arena;
};

visml_table *visml_table_retain(const visml_table *t);

#endif
