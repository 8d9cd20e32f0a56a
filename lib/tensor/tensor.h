/* The inside of a tensor, and shapes. */
#ifndef TENSOR_TENSOR_H
#define TENSOR_TENSOR_H

#include <stdatomic.h>

#include "context/context.h"
#include "visml/tensor.h"

struct visml_tensor {
    visml_context *context;
    _Atomic int64_t references;
    visml_dtype dtype;
    visml_shape shape;
    int64_t strides[VISML_MAX_RANK]; /* elements */
    int64_t count;
    char *data;
    visml_tensor *base; /* whose memory this views, or NULL */
    void *owned;        /* freed with the tensor, or NULL */
    visml_release_fn release;
    void *release_user;
};

/* "[28, 28, 1]" for messages; as a value so that calls can be nested. */
typedef struct visml_shape_text {
    char s[200];
} visml_shape_text;
visml_shape_text visml_shape_format(const visml_shape *shape);

visml_shape visml_shape_make(int32_t rank, const int64_t *dims);
int visml_shape_equal(const visml_shape *a, const visml_shape *b);
/* Product of the dimensions. The shape must have been checked. */
int64_t visml_shape_count(const visml_shape *shape);
/* One dimension more in front. rank < VISML_MAX_RANK. */
visml_shape visml_shape_with_batch(const visml_shape *shape, int64_t batch);
/* Rank, size and dimensions >= min, a count that fits into int64_t bytes. `what` names it in the message. Errors: VISML_EINVAL. */
visml_status visml_shape_check(const char *what, const visml_shape *shape, int64_t min, visml_error *err);

/* As visml_tensor_new, with any numbers in it: whoever makes it writes all of them. */
visml_tensor *visml_tensor_unset(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err);

/* Checks a caller's tensor: not NULL, dtype (0: any), contiguous. Errors: VISML_EINVAL naming `what`. */
visml_status visml_tensor_check(const char *what, const visml_tensor *t, visml_dtype dtype, visml_error *err);

#endif
