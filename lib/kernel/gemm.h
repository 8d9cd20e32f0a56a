/* Matrix product with fused bias and activation. */
#ifndef KERNEL_GEMM_H
#define KERNEL_GEMM_H

#include "kernel/compute.h"

/* What happens to each element of a row-major result before it is stored: * gain[column] + bias[column], + residual (same place),
 * activation, * scale[column] + shift[column]. */
typedef struct visml_epilogue {
    const real *bias;     /* [n], or NULL */
    const real *residual; /* as the result, same row stride, or NULL; does not overlap the result */
    int32_t activation;   /* VISML_LINEAR, _RELU, _LEAKY_RELU, _SIGMOID, _TANH, _RELU6; never _SOFTMAX */
    real alpha;           /* of VISML_LEAKY_RELU */
    const real *scale, *shift; /* [n], or both NULL */
    const real *gain;     /* [n], or NULL: 1 */
} visml_epilogue;

/* C[m, n] = op(A)[m, k] op(B)[k, n] (+ C when accumulate), then the epilogue (NULL: none). Row-major; ld is the distance between rows as
 * stored: A is [m, k] with lda >= k, or with trans_a [k, m] with lda >= m; B is [k, n], or with trans_b [n, k].
 * Each element is added up along k in order, in blocks of a fixed KC, by fused multiply-add. k == 0 gives 0 (+ C). */
typedef struct visml_gemm {
    int64_t m, n, k;
    const real *a, *b;
    real *c;
    int64_t lda, ldb, ldc;
    int32_t trans_a, trans_b;
    int32_t accumulate;
    const visml_epilogue *epilogue;
    const void *packed_b; /* op(B) as visml_gemm_pack left it, for this level; then b is not read. NULL: packed in every run */
} visml_gemm;

/* op(B) in the order in which it is read, for many products: visml_gemm_packed_bytes, aligned to 64. Of g only n, k, b, ldb and trans_b
 * count. */
size_t visml_gemm_packed_bytes(const visml_compute *c, int64_t n, int64_t k);
void visml_gemm_pack(const visml_compute *c, const visml_gemm *g, void *packed);

size_t visml_gemm_scratch(const visml_compute *c, const visml_gemm *g);
void visml_gemm_run(const visml_compute *c, const visml_gemm *g, void *scratch);

#endif
