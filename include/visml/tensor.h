/* visml/tensor.h - arrays: element type, shape, strides, shared ownership, views, DLPack.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VISML_TENSOR_H
#define VISML_TENSOR_H

#include "context.h"

VISML_BEGIN_DECLS

/* An array of up to VISML_MAX_RANK dimensions. Reference counted: views and other languages share the memory.
 * Thread-safety: retain and release from any thread; the elements are the caller's to guard. */
typedef struct visml_tensor visml_tensor;

/* Element types. Values never change. */
typedef int32_t visml_dtype;
#define VISML_F32 1
#define VISML_F64 2
#define VISML_U8 3
#define VISML_U16 4
#define VISML_I32 5
#define VISML_I64 6

/* Bytes of one element; 0 for anything that is not a dtype. */
VISML_API size_t visml_dtype_bytes(visml_dtype dtype);
/* "float32", "uint8", ...; "unknown" otherwise. Borrowed. */
VISML_API const char *visml_dtype_name(visml_dtype dtype);

/* A contiguous array of zeros, aligned to 64 bytes. Owned by the caller: one reference. Dimensions may be 0.
 * Errors: VISML_EINVAL (rank, a negative dimension, dtype, a size that does not fit), VISML_ENOMEM. */
VISML_API visml_tensor *visml_tensor_new(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, visml_error *err);

/* Called once when the last reference to borrowed memory is gone; may be NULL. */
typedef void (*visml_release_fn)(void *user);

/* A tensor over memory of the caller's, without a copy. `strides` counts elements, one number a dimension, negative allowed; NULL means
 * contiguous. `data` is *borrowed* until release(user) is called. On failure release is not called. Errors: VISML_EINVAL, VISML_ENOMEM. */
VISML_API visml_tensor *visml_tensor_wrap(visml_context *ctx, visml_dtype dtype, const visml_shape *shape, const int64_t *strides,
                                          void *data, visml_release_fn release, void *user, visml_error *err);

/* One more reference; returns its argument. NULL stays NULL. */
VISML_API visml_tensor *visml_tensor_retain(visml_tensor *t);
/* One reference less; the last one frees. NULL is allowed. */
VISML_API void visml_tensor_release(visml_tensor *t);

VISML_API visml_dtype visml_tensor_dtype(const visml_tensor *t);
/* Borrowed. */
VISML_API const visml_shape *visml_tensor_shape(const visml_tensor *t);
/* In elements, one a dimension. Borrowed. */
VISML_API const int64_t *visml_tensor_strides(const visml_tensor *t);
/* The first element. Borrowed. */
VISML_API void *visml_tensor_data(const visml_tensor *t);
/* Number of elements: the product of the dimensions. 0 for NULL. */
VISML_API int64_t visml_tensor_count(const visml_tensor *t);
/* 1 when the elements lie in row-major order without gaps, else 0. */
VISML_API int32_t visml_tensor_is_contiguous(const visml_tensor *t);

/* Views: a new tensor (owned: one reference) over the same memory, which stays alive as long as the view. */
/* Rows begin ... end - 1 of the first dimension. Errors: VISML_EINVAL. */
VISML_API visml_tensor *visml_tensor_slice(visml_tensor *t, int64_t begin, int64_t end, visml_error *err);
/* Another shape with the same number of elements. The tensor must be contiguous. Errors: VISML_EINVAL. */
VISML_API visml_tensor *visml_tensor_reshape(visml_tensor *t, const visml_shape *shape, visml_error *err);

/* A contiguous copy with elements converted to `dtype` (to integers: rounded to nearest even and clamped; NaN gives 0). Owned. */
VISML_API visml_tensor *visml_tensor_convert(const visml_tensor *t, visml_dtype dtype, visml_error *err);

/* DLPack 1.x exchange, for NumPy, PyTorch and the like. `dlpack` is a DLManagedTensorVersioned pointer.
 * Export: a new managed tensor that holds a reference to `t`; the consumer calls its deleter. NULL on failure.
 * Import: *consumes* the managed tensor on success only; its deleter is called with the last reference. CPU memory only. */
VISML_API void *visml_tensor_to_dlpack(visml_tensor *t, visml_error *err);
VISML_API visml_tensor *visml_tensor_from_dlpack(visml_context *ctx, void *dlpack, visml_error *err);

VISML_END_DECLS

#endif /* VISML_TENSOR_H */
