/* Bytes element by element, and their pooling: see kernel/quantized.h. */
#ifndef KERNEL_QELEMENT_H
#define KERNEL_QELEMENT_H

#include "kernel/pool2d.h"
#include "kernel/qproduct.h"

/* q = zero + x / scale, to the nearest (ties to even), 0 ... 255. NaN gives 0. */
void visml_quantize_bytes(const visml_compute *c, size_t n, const float *x, visml_qform form, uint8_t *q);
void visml_dequantize_bytes(const visml_compute *c, size_t n, const uint8_t *q, visml_qform form, float *x);

/* y = act(a + b): linear, ReLU, ReLU6 or leaky ReLU. y may be a or b. */
typedef struct visml_qadd {
    visml_qform a, b, y;
    int32_t activation;
    float alpha;
} visml_qadd;
void visml_qadd_run(const visml_compute *c, const visml_qadd *s, size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y);

/* y in the form of x. Padding takes no part. */
void visml_qmaxpool2d(const visml_compute *c, const visml_pool2d_geometry *g, const uint8_t *x, uint8_t *y);
void visml_qavgpool2d(const visml_compute *c, const visml_pool2d_geometry *g, const uint8_t *x, uint8_t *y);
/* [n, rows, c] bytes -> [n, c] floats: the mean over at most 2^23 rows. */
void visml_qrowmean(const visml_compute *c, int64_t n, int64_t rows, int64_t channels, const uint8_t *x, visml_qform form, float *y);

#endif
