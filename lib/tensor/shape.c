#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

visml_shape_text visml_shape_format(const visml_shape *shape) {
    visml_shape_text t;
    size_t used = (size_t)snprintf(t.s, sizeof t.s, "[");
    for (int32_t i = 0; i < shape->rank && i < VISML_MAX_RANK; i++)
        used += (size_t)snprintf(t.s + used, sizeof t.s - used, "%s%lld", i ? ", " : "", (long long)shape->dims[i]);
    snprintf(t.s + used, sizeof t.s - used, "]");
    return t;
}

visml_shape visml_shape_make(int32_t rank, const int64_t *dims) {
    visml_shape s;
    memset(&s, 0, sizeof s);
    s.size = (uint32_t)sizeof s;
    s.rank = rank;
    if (rank)
        memcpy(s.dims, dims, (size_t)rank * sizeof *dims);
    return s;
}

int visml_shape_equal(const visml_shape *a, const visml_shape *b) {
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

int64_t visml_shape_count(const visml_shape *shape) {
    int64_t n = 1;
    for (int32_t i = 0; i < shape->rank; i++)
        n *= shape->dims[i];
    return n;
}

visml_shape visml_shape_with_batch(const visml_shape *shape, int64_t batch) {
    int64_t dims[VISML_MAX_RANK] = {batch};
    memcpy(dims + 1, shape->dims, (size_t)shape->rank * sizeof *dims);
    return visml_shape_make(shape->rank + 1, dims);
}

visml_status visml_shape_check(const char *what, const visml_shape *shape, int64_t min, visml_error *err) {
    int64_t n = 16; /* the largest element and some room: a count that passes can be multiplied by it */
    if (!shape)
        return visml_fail(err, VISML_EINVAL, "%s is NULL, must be a shape (VISML_SHAPE(...))", what);
    if (shape->size != 0 && shape->size != sizeof *shape)
        return visml_fail(err, VISML_EINVAL, "%s: size is %u, must be %zu (use VISML_SHAPE)", what, shape->size, sizeof *shape);
    if (shape->rank < 0 || shape->rank > VISML_MAX_RANK)
        return visml_fail(err, VISML_EINVAL, "%s: rank is %d, must be 0 to %d", what, shape->rank, VISML_MAX_RANK);
    for (int32_t i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < min)
            return visml_fail(err, VISML_EINVAL, "%s: dimension %d of %s must be at least %lld", what, i, visml_shape_format(shape).s,
                              (long long)min);
        if (shape->dims[i] && !visml_i64_mul(n, shape->dims[i], &n))
            return visml_fail(err, VISML_EINVAL, "%s: %s has more elements than can be addressed", what, visml_shape_format(shape).s);
    }
    return VISML_OK;
}
